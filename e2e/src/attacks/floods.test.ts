import { DEMO_PROJECT_ID, generateKey, makeProjectKeys, type ProjectKeys, seedDevelopment } from '@hexclave/server';
import { createTestDatabase } from '@hexclave/testing';
import { describe, expect, test } from 'vitest';
import { apiClient } from '../support/api-client.ts';
import { startApiServer } from '../support/api-server.ts';

const PATH = '/internal/external-db-sync/test-connection';
/** Nothing listens there. */
const REQUEST = {
  external_database: { type: 'postgres', connectionString: 'postgresql://u:p@127.0.0.1:1/d?sslmode=disable' },
};

describe('A14 floods', () => {
  test('of connection tests are limited by project, without hurting others', async () => {
    const server = await startApiServer();
    const admin = apiClient(server, 'admin', server.keys.demo);
    const answers = await Promise.all(Array.from({ length: 30 }, () => admin.post(PATH, REQUEST)));
    const limited = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(limited).toHaveLength(10);
    expect(limited[0]?.body.code).toBe('RATE_LIMITED');
    expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThan(0);

    expect((await admin.get('/internal/config')).status).toBe(200);
    const other = apiClient(server, 'admin', server.keys.internal);
    expect((await other.post(PATH, REQUEST)).status).toBe(200);
  });

  test('of one wrong key ask the database once, and of what can be no key never', async () => {
    const { db } = await createTestDatabase();
    const keys = { internal: makeProjectKeys('internal'), demo: makeProjectKeys(DEMO_PROJECT_ID) };
    await seedDevelopment(db, keys);
    let queries = 0;
    const query = (text: string, values?: readonly unknown[]) => {
      queries += 1;
      return db.query(text, values);
    };
    const server = await startApiServer({ database: { ...db, query: query as typeof db.query } });
    const ask = async (wrong: Partial<ProjectKeys>, times: number) => {
      const client = apiClient(server, 'server', { ...keys.demo, ...wrong });
      const before = queries;
      for (let time = 0; time < times; time++) {
        expect(await client.get('/users')).toMatchObject({ status: 401, body: { code: 'INVALID_SECRET_SERVER_KEY' } });
      }
      return queries - before;
    };
    expect(await ask({ secretServerKey: generateKey('server') }, 20)).toBe(1);
    expect(await ask({ secretServerKey: `${generateKey('server').slice(0, -1)}!` }, 5)).toBe(0);
    // Only the internal project has keys of that form.
    expect(await ask({ secretServerKey: 'ab'.repeat(32) }, 5)).toBe(0);
    expect(await ask({ projectId: 'internal', secretServerKey: 'ab'.repeat(32) }, 5)).toBe(1);
    // A right one is none of them.
    expect((await apiClient(server, 'server', keys.demo).get('/users')).status).toBe(200);
  });
});
