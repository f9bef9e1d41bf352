import { createTestDatabase, type TestDatabase, waitUntil } from '@hexclave/testing';
import { Hono } from 'hono';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HttpEnvironment } from '../http/environment.ts';
import { makeProjectKeys, type ProjectKeys } from '../seed/key-file.ts';
import { seedDevelopment } from '../seed/seed.ts';
import { hashKey } from '../services/keys.ts';
import { callApi } from './api-bridge.ts';
import { beginSession, endSession } from './sessions.ts';

let database: TestDatabase;
let keys: ProjectKeys;

beforeAll(async () => {
  database = await createTestDatabase();
  keys = makeProjectKeys('demo');
  await seedDevelopment(database.db, { internal: makeProjectKeys('internal'), demo: keys });
});

function newSession(): Promise<string> {
  const { projectId, keySetId, superSecretAdminKey } = keys;
  return beginSession(database.db, { projectId, keySetId, keyHash: hashKey(superSecretAdminKey) });
}

/** The dashboard's server over an API that is told in the test. */
function bridgeTo(api: Hono<HttpEnvironment>, token: string, sessionCheckMs?: number): Hono<HttpEnvironment> {
  const cookie = { read: () => token, set: () => {}, clear: () => {} };
  const app = new Hono<HttpEnvironment>();
  app.all('*', (c) => callApi(c, { api, database: database.db, cookie, ...(sessionCheckMs && { sessionCheckMs }) }));
  return app;
}

describe('the API, asked by the dashboard’s server', () => {
  test('is told who asks, and nothing of what the browser has sent beside the request itself', async () => {
    const api = new Hono<HttpEnvironment>();
    api.post('/', async (c) => {
      const headers = Object.fromEntries(c.req.raw.headers);
      return c.json({ headers, body: await c.req.json(), signedIn: c.env.signedIn });
    });
    const answer = await bridgeTo(api, await newSession()).request('/', {
      method: 'POST',
      body: '{"a":1}',
      headers: {
        'content-type': 'application/json',
        cookie: 'hexclave-session-8101=secret',
        authorization: 'Bearer secret',
        'x-hexclave-access-type': 'admin',
        'x-stack-super-secret-admin-key': 'secret',
        'x-hexclave-origin': 'cli',
      },
    });
    expect(await answer.json()).toEqual({
      headers: { 'content-type': 'application/json' },
      body: { a: 1 },
      signedIn: expect.objectContaining({
        projectId: 'demo',
        access: 'admin',
        keySetId: keys.keySetId,
        actor: {
          kind: 'owner',
          keySetId: keys.keySetId,
          keyHint: keys.superSecretAdminKey.slice(-4),
          origin: 'dashboard',
        },
      }),
    });
  });

  test('shares its answers with every site; here they are for the dashboard’s pages alone', async () => {
    const api = new Hono<HttpEnvironment>();
    api.get('/', (c) => c.json({}, 200, { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'x' }));
    const answer = await bridgeTo(api, await newSession()).request('/');
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
  });

  test('streams for as long as the session is good, and no longer', async () => {
    let ended = false;
    const api = new Hono<HttpEnvironment>();
    api.get('/', (c) => {
      c.req.raw.signal.addEventListener('abort', () => {
        ended = true;
      });
      return c.body('event: snapshot\n\n', 200, { 'content-type': 'text/event-stream' });
    });
    const token = await newSession();
    const checks = await bridgeTo(api, token, 20).request('/');
    expect(checks.status).toBe(200);
    expect(ended).toBe(false);
    await endSession(database.db, token);
    await waitUntil(() => ended, { timeoutMs: 10_000, describe: 'the stream to be ended' });
  });
});
