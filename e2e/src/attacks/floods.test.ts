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
});
