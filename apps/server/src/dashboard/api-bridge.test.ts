import type { Database } from '@hexclave/db';
import { createTestDatabase, fileNeedsMigrations, type TestDatabase, waitUntil } from '@hexclave/testing';
import { Hono } from 'hono';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HttpEnvironment } from '../http/environment.ts';
import { makeProjectKeys, type ProjectKeys } from '../seed/key-file.ts';
import { seedDevelopment } from '../seed/seed.ts';
import { hashKey } from '../services/keys.ts';
import { callApi } from './api-bridge.ts';
import { createSessionStreams } from './session-streams.ts';
import { beginSession, endSession } from './sessions.ts';

// Every change through the API is kept in the audit log, in its own transaction.
fileNeedsMigrations(['0011_controls']);

const EVENTS = { 'content-type': 'text/event-stream' };

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
function bridgeTo(
  api: Hono<HttpEnvironment>,
  token: string,
  streams = createSessionStreams({ database: database.db }),
): Hono<HttpEnvironment> {
  const cookie = { read: () => token, set: () => {}, clear: () => {} };
  const app = new Hono<HttpEnvironment>();
  app.all('*', (c) => callApi(c, { api, database: database.db, cookie, streams }));
  return app;
}

/** One that says something and then goes on for ever. */
function streamsForEver(): { api: Hono<HttpEnvironment>; hasEnded: () => boolean } {
  let ended = false;
  const start = (controller: ReadableStreamDefaultController) => controller.enqueue(new TextEncoder().encode('one'));
  const cancel = () => {
    ended = true;
  };
  const api = new Hono<HttpEnvironment>();
  api.get('/', (c) => c.body(new ReadableStream({ start, cancel }), 200, EVENTS));
  return { api, hasEnded: () => ended };
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
    const { api, hasEnded } = streamsForEver();
    const token = await newSession();
    const stays = await newSession();
    const streams = createSessionStreams({ database: database.db, lookEveryMs: 20 });
    const answer = await bridgeTo(api, token, streams).request('/');
    const other = streamsForEver();
    const goesOn = await bridgeTo(other.api, stays, streams).request('/');
    expect([answer.status, hasEnded()]).toEqual([200, false]);
    await endSession(database.db, token);
    // Ends for its reader as well: in good order, with what was sent before.
    expect(await answer.text()).toBe('one');
    expect([hasEnded(), other.hasEnded()]).toEqual([true, false]);
    await goesOn.body?.cancel();
  });

  test('ends the streams of whoever signs out at once, and nobody else’s', async () => {
    const [mine, theirs] = [streamsForEver(), streamsForEver()];
    const [token, other] = [await newSession(), await newSession()];
    const streams = createSessionStreams({ database: database.db, lookEveryMs: 60_000 });
    const [answer, goesOn] = [
      await bridgeTo(mine.api, token, streams).request('/'),
      await bridgeTo(theirs.api, other, streams).request('/'),
    ];
    streams.end(token);
    expect(await answer.text()).toBe('one');
    expect([mine.hasEnded(), theirs.hasEnded()]).toEqual([true, false]);
    await goesOn.body?.cancel();
  });

  test('hangs up on the API when the browser does', async () => {
    let ended = false;
    const api = new Hono<HttpEnvironment>();
    const cancel = () => {
      ended = true;
    };
    api.get('/', (c) => c.body(new ReadableStream({ cancel }), 200, EVENTS));
    await (await bridgeTo(api, await newSession()).request('/')).body?.cancel();
    expect(ended).toBe(true);
  });

  test('looks after the session of a stream only until that has ended by itself', async () => {
    const api = new Hono<HttpEnvironment>();
    api.get('/ends', (c) => c.body('event: end\n\n', 200, EVENTS));
    api.get('/goes-on', (c) => c.body(new ReadableStream(), 200, EVENTS));
    const looks = { '/ends': 0, '/goes-on': 0 };
    const open = async (path: keyof typeof looks) => {
      const counting = (text: string, values?: readonly unknown[]) => {
        looks[path] += 1;
        return database.db.query(text, values);
      };
      const streams = createSessionStreams({
        database: { ...database.db, query: counting as Database['query'] },
        lookEveryMs: 20,
      });
      return bridgeTo(api, await newSession(), streams).request(path);
    };
    expect(await (await open('/ends')).text()).toBe('event: end\n\n');
    const before = looks['/ends'];
    const goesOn = await open('/goes-on');
    await waitUntil(() => looks['/goes-on'] > 10, { timeoutMs: 10_000, describe: 'the other session to be looked up' });
    // One look may have been due when it ended.
    expect(looks['/ends']).toBeLessThanOrEqual(before + 1);
    await goesOn.body?.cancel();
  });
});
