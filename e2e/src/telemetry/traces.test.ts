import { randomBytes } from 'node:crypto';
import { fileNeedsMigrations } from '@hexclave/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import type { ServerProcess } from '../external-db-sync/support/server-process.ts';
import { headersFor, request, succeed } from '../support/api-client.ts';
import { attributeOf, type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.ts';

fileNeedsMigrations(['0014_change_origins']);

const SECRET_HEADER = 'canary of the tracing backend';

let receiver: OtlpReceiver;
let installation: Installation;
let front: ServerProcess;
let project: Project;
let external: ExternalDatabase;

/** The API and the queue in one process, the sync engine in another one. */
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const traced = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(SECRET_HEADER)}`,
    HEXCLAVE_LOG_LEVEL: 'info',
  };
  installation = await createInstallation({ servers: 0 });
  const engine = await installation.startServer({
    runLoops: false,
    environment: { ...traced, OTEL_SERVICE_NAME: 'engine' },
  });
  front = await installation.startServer({
    environment: {
      ...traced,
      OTEL_SERVICE_NAME: 'front',
      HEXCLAVE_SYNC_ENGINE_URL: `${engine.url}/api/v1/internal/external-db-sync/sync-engine`,
    },
  });
  project = await installation.createProject();
  external = await project.addExternalDatabase();
  await succeed(project.api.post('/users', { display_name: 'The first' }));
  await project.converged(external);
  await project.settled();
});

afterAll(() => installation?.close());

const inTrace = (traceId: string) => receiver.spans.filter((span) => span.traceId === traceId);
const names = (spans: readonly ReceivedSpan[]) => spans.map(({ name }) => name);

/** Creates a user within a trace of the caller's own. */
async function createUserInTrace(): Promise<string> {
  const traceId = randomBytes(16).toString('hex');
  const answer = await request(`${front.url}/api/v1/users`, {
    method: 'POST',
    headers: {
      ...headersFor(project.keys, 'server'),
      'content-type': 'application/json',
      traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
    },
    body: JSON.stringify({ display_name: 'Traced', primary_email: `${traceId}@example.com` }),
  });
  expect(answer.status).toBe(201);
  return traceId;
}

test('one trace goes from the HTTP write to the row in the target, over two processes', async () => {
  const traceId = await createUserInTrace();
  await receiver.until('the write to arrive', () => names(inTrace(traceId)).includes('apply users'));
  await receiver.until('the run to end', () =>
    ['deliver', 'sync'].every((name) => names(inTrace(traceId)).includes(name)),
  );
  const spans = inTrace(traceId);
  const find = (name: string): ReceivedSpan => {
    const found = spans.find((span) => span.name === name);
    if (found === undefined) throw new Error(`no ${name} among ${names(spans)}`);
    return found;
  };
  const stages = [
    'POST /users',
    'number',
    'deliver',
    'POST /internal/external-db-sync/sync-engine',
    'sync',
    'apply users',
  ];
  expect(stages.map((name) => find(name).service)).toEqual(['front', 'front', 'front', 'engine', 'engine', 'engine']);
  // Each is below the one before, but that the delivery hangs on the write, as the numbering does.
  expect(find('number').parentSpanId).toBe(find('POST /users').spanId);
  expect(find('deliver').parentSpanId).toBe(find('POST /users').spanId);
  expect(find('POST /internal/external-db-sync/sync-engine').parentSpanId).toBe(find('deliver').spanId);
  expect(find('sync').parentSpanId).toBe(find('POST /internal/external-db-sync/sync-engine').spanId);
  expect(find('apply users').parentSpanId).toBe(find('sync').spanId);
  const starts = stages.map((name) => BigInt(find(name).startTimeUnixNano));
  expect(starts).toEqual([...starts].sort((a, b) => Number(a - b)));
  expect(attributeOf(find('apply users'), 'hexclave.tenancy_id')).toBe(project.tenancyId);
  expect(attributeOf(find('apply users'), 'hexclave.result')).toBe('applied');
});

test('writes that are delivered together are linked both ways to the batch that brought them', async () => {
  await switchEngine(false);
  const traces = await Promise.all(Array.from({ length: 5 }, createUserInTrace));
  await switchEngine(true);
  await project.converged(external);
  const arrived = (traceId: string) =>
    names(inTrace(traceId)).some((name) => name === 'applied' || name === 'apply users');
  await receiver.until('all to have arrived', () => traces.every(arrived));
  const linked = traces.filter((traceId) => names(inTrace(traceId)).includes('applied'));
  expect(linked.length).toBeGreaterThan(0);
  for (const traceId of linked) {
    const applied = inTrace(traceId).find(({ name }) => name === 'applied');
    const batch = applied?.links?.[0];
    const run = await receiver
      .until('the run', (spans) => spans.some(({ spanId }) => spanId === batch?.spanId))
      .then((spans) => spans.find(({ spanId }) => spanId === batch?.spanId));
    expect(run?.name).toBe('sync');
    expect(run?.links?.map((link) => link.traceId)).toContain(traceId);
  }
});

test('log lines name the trace, and no span or line has a secret or a value of a row', async () => {
  const traceId = await createUserInTrace();
  await project.converged(external);
  await receiver.until('the write to arrive', () => names(inTrace(traceId)).includes('apply users'));
  const line = front
    .output()
    .split('\n')
    .filter((text) => text.startsWith('{'))
    .map((text) => JSON.parse(text) as Record<string, unknown>)
    .find(({ trace_id }) => trace_id === traceId);
  expect(line).toMatchObject({ msg: 'request', route: 'POST /users', tenancy_id: project.tenancyId });
  expect(receiver.headers.at(-1)).toMatchObject({ path: '/v1/traces', authorization: SECRET_HEADER });
  const told = JSON.stringify(receiver.spans) + installation.servers.map((server) => server.output()).join('');
  for (const secret of [...installation.secrets, SECRET_HEADER, 'Traced', '@example.com']) {
    expect(told).not.toContain(secret);
  }
  expect(told).not.toMatch(/(sak|ssk|pck)_/);
});

test('metrics are shown to nobody where no secret for them was given', async () => {
  const answer = await request(`${front.url}/metrics`, { headers: { authorization: 'Bearer ' } });
  expect(answer).toMatchObject({ status: 404, body: { code: 'METRICS_DISABLED' } });
  expect(answer.body.error).toContain('HEXCLAVE_METRICS_SECRET');
});

test('a caller that wants no trace gets none', async () => {
  const traceId = randomBytes(16).toString('hex');
  await request(`${front.url}/health`, { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-00` } });
  const after = await createUserInTrace();
  await receiver.until('a later trace', () => inTrace(after).length > 0);
  expect(inTrace(traceId)).toEqual([]);
});

async function switchEngine(on: boolean): Promise<void> {
  await installation.db.query('UPDATE "ExternalDbSyncMetadata" SET "syncEngineEnabled" = $1', [on]);
}
