import { METRICS } from '@hexclave/server';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { request, succeed } from '../support/api-client.ts';
import { METRICS_SECRET, type Scraped, scrape, sumOf } from './scrape.ts';

let installation: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  installation = await createInstallation({
    environment: { HEXCLAVE_METRICS_SECRET: METRICS_SECRET, HEXCLAVE_LOG_LEVEL: 'debug' },
  });
  project = await installation.createProject();
  external = await project.addExternalDatabase();
  await succeed(project.api.post('/users', { display_name: 'canary-name', primary_email: 'canary@example.com' }));
  await project.converged(external);
});

afterAll(() => installation?.close());

/** Waits until the metrics say so; those of the installation are up to five seconds old. */
function until(what: string, says: (scraped: Scraped) => boolean): Promise<Scraped> {
  return waitUntil(
    async () => {
      const scraped = await scrape(installation.server);
      return says(scraped) && scraped;
    },
    { timeoutMs: 20_000, intervalMs: 200, describe: what },
  ) as Promise<Scraped>;
}

describe('who may read them', () => {
  const metrics = (authorization?: string) =>
    request(`${installation.server.url}/metrics`, { headers: authorization === undefined ? {} : { authorization } });

  test('nobody without the secret', async () => {
    for (const wrong of [undefined, 'Bearer wrong', `Basic ${METRICS_SECRET}`, METRICS_SECRET]) {
      const answer = await metrics(wrong);
      expect(answer).toMatchObject({ status: 401, body: { code: 'INVALID_METRICS_SECRET' } });
    }
  });
});

describe('what they say', () => {
  test('every declared metric is there once it has something to tell, and no other of ours', async () => {
    const { types } = await scrape(installation.server);
    const ours = [...types.keys()].filter((name) => name.startsWith('hexclave_')).sort();
    expect(ours).toEqual(
      Object.values(METRICS)
        .map(({ name }) => name)
        .sort(),
    );
    for (const { name, type } of Object.values(METRICS)) expect(types.get(name), name).toBe(type);
  });

  test('a change is counted at every stage that it passes', async () => {
    const before = await scrape(installation.server);
    await succeed(project.api.post('/users', { display_name: 'Another', primary_email: 'another@example.com' }));
    await project.converged(external);
    const grown = (after: Scraped, name: string, labels = {}) =>
      sumOf(after, name, labels) - sumOf(before, name, labels);
    const after = await until('the delivery to be counted', (scraped) =>
      [grown(scraped, 'hexclave_outgoing_request_deliveries_total', { kind: 'sync', result: 'delivered' })].every(
        (more) => more >= 1,
      ),
    );
    expect(grown(after, 'hexclave_sequencer_rows_total')).toBeGreaterThanOrEqual(2);
    expect(grown(after, 'hexclave_sync_rows_applied_total', { mapping: 'users' })).toBeGreaterThanOrEqual(1);
    expect(grown(after, 'hexclave_sync_rows_applied_total', { mapping: 'contact_channels' })).toBe(1);
    expect(grown(after, 'hexclave_sync_batches_total', { mapping: 'users', way: 'page', result: 'applied' })).toBe(
      grown(after, 'hexclave_sync_batch_duration_seconds_count', { way: 'page' }) -
        grown(after, 'hexclave_sync_batches_total', { mapping: 'contact_channels', way: 'page', result: 'applied' }),
    );
    expect(grown(after, 'hexclave_sync_bytes_total', { way: 'page' })).toBeGreaterThan('another@example.com'.length);
    expect(grown(after, 'hexclave_wakes_total', { part: 'sequencer' })).toBeGreaterThanOrEqual(1);
    expect(grown(after, 'hexclave_http_request_duration_seconds_count', { route: 'POST /users', status: '201' })).toBe(
      1,
    );
  });

  test('a backlog goes by bulk, byte by byte', async () => {
    const before = await scrape(installation.server);
    await installation.db.query(
      `INSERT INTO "ProjectUser" ("tenancyId", "projectUserId", "displayName") SELECT $1, gen_random_uuid(), repeat('x', 100)
       FROM generate_series(1, 3000)`,
      [project.tenancyId],
    );
    await project.converged(external);
    const bulk = (scraped: Scraped, name: string, labels = {}) => sumOf(scraped, name, { way: 'bulk', ...labels });
    const after = await until(
      'the batches to be counted',
      (scraped) =>
        sumOf(scraped, 'hexclave_sync_rows_applied_total') - sumOf(before, 'hexclave_sync_rows_applied_total') >= 3_000,
    );
    expect(bulk(after, 'hexclave_sync_batches_total', { result: 'applied' })).toBeGreaterThan(0);
    expect(bulk(after, 'hexclave_sync_bytes_total') - bulk(before, 'hexclave_sync_bytes_total')).toBeGreaterThan(
      100_000,
    );
  });

  test('a server that does not trace notes no origins', async () => {
    expect(await installation.db.query('SELECT 1 FROM "ChangeOrigin"')).toEqual([]);
  });

  test('a copy that fails is told by its code, and forgotten once it is well', async () => {
    const { db } = external.database;
    const { errorCode } = await breakAndFail(db);
    const failing = await until(
      'the failure',
      (scraped) => sumOf(scraped, 'hexclave_projects', { state: 'failing' }) === 1,
    );
    // The next attempt may fail with another code.
    expect(sumOf(failing, 'hexclave_external_databases_failing')).toBe(1);
    expect(sumOf(failing, 'hexclave_sync_failures_total', { code: String(errorCode) })).toBeGreaterThanOrEqual(1);
    await db.query('DROP TABLE "hexclave"."users"');
    await db.query('ALTER TABLE "hexclave"."users_away" RENAME TO "users"');
    await succeed(project.admin.post('/internal/external-db-sync/enqueue'));
    await project.converged(external);
    const well = await until(
      'the copy to be well',
      (scraped) => sumOf(scraped, 'hexclave_projects', { state: 'failing' }) === 0,
    );
    expect(well.samples.filter(({ name }) => name === 'hexclave_external_databases_failing')).toEqual([]);
    expect(sumOf(well, 'hexclave_external_database_longest_failing_seconds')).toBe(0);
  });

  test('they name no tenancy, no connection, no secret and nobody', async () => {
    const { text } = await scrape(installation.server);
    const { hostname, pathname, port } = new URL(external.database.connectionString);
    const told = [project.tenancyId, project.keys.projectId, pathname.slice(1), `${hostname}:${port}`, 'canary'];
    for (const secret of [...told, ...installation.secrets, METRICS_SECRET]) expect(text).not.toContain(secret);
  });
});

async function breakAndFail(db: ExternalDatabase['database']['db']) {
  await db.query('ALTER TABLE "hexclave"."users" RENAME TO "users_away"');
  await db.query('CREATE TABLE "hexclave"."users" ("id" integer)');
  await succeed(project.api.post('/users', { display_name: 'canary-failing' }));
  return mappingFailure();
}

function mappingFailure(): Promise<{ errorCode: string }> {
  return waitUntil(
    async () => {
      const [row] = await installation.db.query<{ errorCode: string }>(
        `SELECT "errorCode" FROM "ExternalDatabaseMappingState" WHERE "tenancyId" = $1 AND "errorCode" IS NOT NULL`,
        [project.tenancyId],
      );
      return row;
    },
    { timeoutMs: 20_000, describe: 'the failure to be kept' },
  ) as Promise<{ errorCode: string }>;
}

describe('log lines', () => {
  const lines = () =>
    installation.server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('of a request name it, its project and its tenancy', async () => {
    const answer = await project.api.get('/users');
    const requestId = answer.headers.get('x-hexclave-request-id');
    const line = await waitUntil(() => lines().find(({ request_id }) => request_id === requestId), {
      describe: 'the line of the request',
    });
    expect(line).toMatchObject({
      ...{ msg: 'request', route: 'GET /users', status: 200 },
      ...{ project_id: project.keys.projectId, tenancy_id: project.tenancyId },
    });
  });

  test('/health is logged once', async () => {
    const answer = await request(`${installation.server.url}/health`, {
      headers: { 'x-request-id': 'health-check-1' },
    });
    expect(answer).toMatchObject({ status: 200, body: { status: 'ok' } });
    await project.api.get('/users');
    await waitUntil(() => lines().some(({ request_id }) => request_id === 'health-check-1'), { describe: 'its line' });
    expect(lines().filter(({ request_id }) => request_id === 'health-check-1')).toHaveLength(1);
  });

  test('of an external database name it and its tenancy, and none has a secret or a value of a row', () => {
    const failed = lines().find(({ msg }) => msg === 'external database failed');
    expect(failed).toMatchObject({
      tenancy_id: project.tenancyId,
      external_database_id: external.id,
      mapping: 'users',
    });
    const output = installation.server.output();
    for (const secret of [...installation.secrets, METRICS_SECRET, 'canary']) expect(output).not.toContain(secret);
    expect(output).not.toContain(new URL(external.database.connectionString).password);
  });
});
