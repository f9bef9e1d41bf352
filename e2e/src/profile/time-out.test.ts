import { hostileServer } from '@hexclave/testing';
import { beforeAll, expect, test } from 'vitest';
import { type ApiClient, apiClient, headersFor, succeed } from '../support/api-client.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { PROFILE_PATH } from './support/profiled-project.ts';

const LIMIT_MS = 400;

let server: ApiServer;
let admin: ApiClient;

/** A project whose external database takes up every connection and never says anything. */
beforeAll(async () => {
  server = await startApiServer({ profileTimeoutMs: LIMIT_MS });
  admin = apiClient(server, 'admin');
  const port = await hostileServer(() => undefined);
  const connectionString = `postgresql://somebody:pass@127.0.0.1:${port}/none?sslmode=disable`;
  await succeed(
    admin.patch('/internal/config/override/environment', {
      config_override_string: JSON.stringify({
        'dbSync.externalDatabases.main': { type: 'postgres', connectionString },
      }),
    }),
  );
  await succeed(admin.post('/users', { display_name: 'Somebody' }));
  // Only what has a number is written anywhere.
  await server.testDatabase.db.query('SELECT "numbered" FROM "backfill_null_sequence_ids"(10)');
});

const EXPECTED = {
  code: 'PROFILE_TIMED_OUT',
  error: expect.stringMatching(/^The profile was ended after 0\.4 s, with \d+ statements measured\. Profile one table/),
  details: { limit_seconds: LIMIT_MS / 1_000, statements_done: expect.any(Number) },
};

test('a profile that takes longer than it may ends with what happened and what to do', async () => {
  const answer = await admin.post(PROFILE_PATH, { external_database_id: 'main', mapping: 'users' });
  expect(answer).toMatchObject({ status: 504, body: EXPECTED });
  const { items } = await succeed(admin.get('/internal/audit-log?action=sync.profile&limit=1'));
  expect(items).toMatchObject([{ external_database_id: 'main', result: 'failed' }]);
});

test('it says so as well at the end of the steps that were sent', async () => {
  const response = await fetch(`${server.url}/api/v1${PROFILE_PATH}`, {
    method: 'POST',
    headers: {
      ...headersFor(server.keys.demo, 'admin'),
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ external_database_id: 'main', mapping: 'users' }),
  });
  const last = (await response.text()).trim().split('\n\n').at(-1);
  const [event, data] = last?.split('\n') ?? [];
  expect(event).toBe('event: error');
  expect(JSON.parse(data?.replace(/^data: /, '') ?? '')).toMatchObject(EXPECTED);
});
