import { type Client, createClient } from '@hexclave/sdk';
import type { ProjectKeys } from '@hexclave/server';
import { createEmptyDatabase, type FaultProxy, startFaultProxy, type TestDatabase, waitUntil } from '@hexclave/testing';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { apiClient, headersFor, succeed } from '../support/api-client.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';

const PATH = '/internal/external-db-sync/test-connection';
/** Less than the server would wait for an answer that is held back. */
const AT_ONCE_MS = 10_000;
const TESTS_OF_A_PROJECT = 6;

let server: ApiServer;
let client: Client;
let target: TestDatabase;
let proxy: FaultProxy;

beforeAll(async () => {
  server = await startApiServer({
    config: { rateLimits: { connectionTests: { requests: TESTS_OF_A_PROJECT, seconds: 3_600 } } },
  });
  client = createClient({ baseUrl: server.url, projectId: server.keys.demo.projectId, keys: server.keys.demo });
  target = await createEmptyDatabase();
  proxy = await startFaultProxy(Number(new URL(target.connectionString).port));
  return () => proxy.close();
});

/** A connection whose sign-in waits on the way until the proxy is calmed. */
function held(): { external_database: { type: string; connectionString: string }; reached: Promise<void> } {
  const url = new URL(`${target.connectionString}?sslmode=disable`);
  url.port = String(proxy.port);
  onTestFinished(proxy.calm);
  const reached = proxy.strike('application_name', 'hold');
  return { external_database: { type: 'postgres', connectionString: url.href }, reached };
}

const lastAudited = async () => {
  const query = 'action=external_database.test_connection&limit=1';
  return (await succeed(apiClient(server, 'admin').get(`/internal/audit-log?${query}`))).items[0];
};

type Asked = { signal?: AbortSignal; accept?: string; keys?: ProjectKeys };

const ask = (body: object, { signal, accept = 'text/event-stream', keys = server.keys.demo }: Asked = {}) =>
  fetch(`${server.url}/api/v1${PATH}`, {
    method: 'POST',
    headers: { ...headersFor(keys, 'admin'), 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });

test('steps arrive while the sign-in is still held back; the result is that of an answer in one piece', async () => {
  const { external_database, reached } = held();
  const told: string[] = [];
  const testing = client.dbSync.testConnection(
    { external_database },
    {},
    { onStep: ({ step, outcome }) => told.push(`${step} ${outcome}`) },
  );
  await reached;
  await waitUntil(() => told.length >= 3, { describe: 'the steps before the sign-in' });
  expect(told).toEqual(['dns ok', 'tcp ok', 'tls skipped']);
  proxy.calm();
  const streamed = await testing;
  expect(told).toEqual(streamed.steps.map(({ step, outcome }) => `${step} ${outcome}`));
  const inOnePiece = await client.dbSync.testConnection({ external_database });
  const timeless = ({ steps, round_trip_ms: _, ...rest }: typeof streamed) => ({
    ...rest,
    steps: steps.map(({ duration_ms: _duration, message, ...step }) => ({ ...step, message: message.slice(0, 12) })),
  });
  expect(timeless(streamed)).toEqual(timeless(inOnePiece));
});

test('on the wire: events "step", then "result"; what is wrong before the first step is an answer as everywhere', async () => {
  const { connectionString } = target;
  const answer = await ask({
    external_database: { type: 'postgres', connectionString: `${connectionString}?sslmode=disable` },
  });
  expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const events = [...(await answer.text()).matchAll(/^event: (\w+)\ndata: (.+)$/gm)];
  expect(events.map(([, name]) => name)).toEqual([...Array(8).fill('step'), 'result']);
  const [steps, result] = [events.slice(0, -1), events.at(-1)].map((part) =>
    Array.isArray(part?.[0]) ? part.map((each) => JSON.parse(each?.[2] ?? '')) : JSON.parse(String(part?.[2])),
  );
  expect(result).toMatchObject({ ok: true, steps });

  const unknown = await ask({ external_database_id: 'unheard-of' });
  expect([unknown.status, ((await unknown.json()) as { code: string }).code]).toEqual([
    404,
    'EXTERNAL_DATABASE_NOT_FOUND',
  ]);
});

test.each(['text/event-stream', 'application/json'])('a caller who hangs up ends the test: %s', async (accept) => {
  const { external_database, reached } = held();
  const hangUp = new AbortController();
  const answer = ask({ external_database }, { signal: hangUp.signal, accept });
  answer.catch(() => undefined);
  await reached;
  hangUp.abort();
  await waitUntil(async () => (await lastAudited()).after.stopped === true, {
    timeoutMs: AT_ONCE_MS,
    describe: 'the end of the test in the audit log',
  });
  expect(await lastAudited()).toMatchObject({ result: 'failed', after: { connection: { port: proxy.port } } });
  await waitUntil(
    async () =>
      (
        await target.db.query(
          "SELECT FROM pg_stat_activity WHERE application_name = 'hexclave' AND datname = current_database()",
        )
      ).length === 0,
    { describe: 'no session to be left' },
  );
});

test('whoever streams has no more tests than others', async () => {
  const external_database = { type: 'postgres', connectionString: 'postgresql://u:p@127.0.0.1:1/d?sslmode=disable' };
  const { internal } = server.keys;
  const statuses: number[] = [];
  for (let asked = 0; asked <= TESTS_OF_A_PROJECT; asked++) {
    statuses.push((await ask({ external_database }, { keys: internal })).status);
  }
  expect(statuses).toEqual([...Array(TESTS_OF_A_PROJECT).fill(200), 429]);
});
