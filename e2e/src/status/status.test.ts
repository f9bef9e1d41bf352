import { randomUUID } from 'node:crypto';
import { fileNeedsMigrations, waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { succeed } from '../support/api-client.ts';

fileNeedsMigrations(['0013_status_indexes', '0017_tenancy_lag']);

const STATUS = '/internal/external-db-sync/status';

let hexclave: Installation;
let project: Project;

beforeAll(async () => {
  hexclave = await createInstallation();
});

afterAll(() => hexclave.close());

beforeEach(async () => {
  project = await hexclave.createProject();
});

const statusOf = (of: Project = project) => succeed(of.admin.get(STATUS));

async function users(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await succeed(project.api.post('/users', { display_name: `user ${n}` }));
}

/** Takes the schema from the role that the server connects as, and gives it back. */
async function lockOut({ database }: ExternalDatabase, locked: boolean): Promise<void> {
  await database.db.query(
    `ALTER TABLE hexclave.users ${locked ? 'RENAME COLUMN display_name TO mine' : 'RENAME COLUMN mine TO display_name'}`,
  );
}

test('a project without an external database has none to tell of', async () => {
  expect(await statusOf()).toMatchObject({ scope: 'tenancy', state: null, external_databases: [] });
});

test('a copy that is up to date says so, and where it goes, and nothing secret', async () => {
  const external = await project.addExternalDatabase();
  await project.converged(external);
  await project.settled();
  // Rows that come during the first copy may be applied by it, and once more when they have their numbers.
  await users(3);
  await project.converged(external);
  // The target has the rows a moment before their position is noted here.
  await project.settled();
  const status = await statusOf();
  const [main] = status.external_databases;
  expect(main).toMatchObject({
    id: 'main',
    type: 'postgres',
    state: 'fresh',
    rows_behind: 0,
    rows_behind_precision: 'exact',
  });
  expect(main.fresh_through_millis).toBe(status.at_millis);
  expect(main).toMatchObject({ behind_millis: 0, oldest_unsynced_at_millis: null, error: null, parked_rows: 0 });
  expect(main.last_applied_at_millis).toBeGreaterThan(main.created_at_millis);
  expect(Object.keys(main.connection).sort()).toEqual(['database', 'host', 'port', 'user']);
  const target = new URL(external.database.connectionString);
  expect(main.connection.database).toBe(target.pathname.slice(1));
  if (target.password !== '') expect(JSON.stringify(status)).not.toContain(target.password);
  const of = main.mappings.find((mapping: { mapping: string }) => mapping.mapping === 'users');
  expect(of).toMatchObject({
    phase: 'stream',
    copy: null,
    rows_applied: 3,
    source_table: 'ProjectUser',
    target_table: 'users',
  });
  expect(BigInt(of.cursor)).toBeGreaterThan(0n);
});

test('rows that wait are counted as rows, and the change that waits longest is told', async () => {
  const external = await project.addExternalDatabase();
  await users(1);
  await project.converged(external);
  await project.configure({ 'dbSync.externalDatabases.main.paused': true });
  const [first] = (await succeed(project.api.get('/users'))).items;
  await waitUntil(async () => (await lastSampleAt()) !== null, { timeoutMs: 30_000, describe: 'a sample' });
  const sampledAt = (await lastSampleAt()) ?? 0;
  // Thrice the same row, one new, one deletion: three rows, whatever numbers they got.
  for (const name of ['a', 'b', 'c']) await succeed(project.api.patch(`/users/${first.id}`, { display_name: name }));
  const [, doomed] = await Promise.all([
    succeed(project.api.post('/users', { display_name: 'new' })),
    succeed(project.api.post('/users', { display_name: 'doomed' })),
  ]);
  await succeed(project.api.delete(`/users/${doomed.id}`));
  const { at_millis, external_databases } = await statusOf();
  const [main] = external_databases;
  expect(main).toMatchObject({ state: 'paused', paused: true, rows_behind: 3, rows_behind_precision: 'exact' });
  // The samples are the clock: a change is younger than the last that was taken before it.
  expect(main.oldest_unsynced_at_millis).toBeGreaterThanOrEqual(sampledAt);
  expect(main.oldest_unsynced_at_millis).toBeLessThanOrEqual(at_millis);
});

async function lastSampleAt(): Promise<number | null> {
  const [row] = await hexclave.db.query<{ at: Date | null }>('SELECT max("at") AS at FROM "PipelineSample"');
  return row?.at?.getTime() ?? null;
}

test('a first copy is told before it begins by what there is to copy, and afterwards as a stream', async () => {
  await users(30);
  const external = await project.addExternalDatabase({ config: { paused: true } });
  const usersOf = async () =>
    (await statusOf()).external_databases[0]?.mappings.find(
      (mapping: { mapping: string }) => mapping.mapping === 'users',
    );
  expect(await usersOf()).toMatchObject({ phase: 'waiting', copy: null, rows_behind: 30 });
  await project.configure({ 'dbSync.externalDatabases.main.paused': false });
  await project.converged(external);
  await waitUntil(async () => (await usersOf()).phase === 'stream', { timeoutMs: 20_000, describe: 'the stream' });
  expect(await usersOf()).toMatchObject({ copy: null, rows_applied: 30, rows_behind: 0 });
});

test('a failure is told with its code, SQLSTATE and what to do, on the table that fails, and goes away by itself', async () => {
  const external = await project.addExternalDatabase();
  await users(1);
  await project.converged(external);
  await lockOut(external, true);
  await users(1);
  await waitUntil(async () => (await statusOf()).state === 'failing', { timeoutMs: 20_000, describe: 'the failure' });
  const [main] = (await statusOf()).external_databases;
  const failing = main.mappings.find((mapping: { mapping: string }) => mapping.mapping === 'users');
  expect(failing.state).toBe('failing');
  expect(failing.error).toMatchObject({ code: 'TARGET_DRIFT', attempts: expect.any(Number) });
  expect(failing.error.failing_since_millis).toBeLessThanOrEqual(Date.now());
  expect(failing.error.remedy).not.toBe('');
  expect(main.mappings.filter((mapping: { state: string }) => mapping.state === 'fresh')).toHaveLength(3);
  const list = await succeed(
    hexclave.operator.get(`${STATUS}?scope=all&state=failing&query=${project.keys.projectId}`),
  );
  expect(list.items).toMatchObject([
    { project_id: project.keys.projectId, state: 'failing', failing: 1, error: { code: 'TARGET_DRIFT' } },
  ]);

  await lockOut(external, false);
  await succeed(project.admin.post('/internal/external-db-sync/enqueue'));
  await waitUntil(async () => (await statusOf()).state === 'fresh', { timeoutMs: 20_000, describe: 'recovery' });
  expect((await statusOf()).external_databases[0].error).toBeNull();
});

test('a row that is refused makes its copy failing, with the SQL that says which row', async () => {
  const external = await project.addExternalDatabase();
  await users(1);
  await project.converged(external);
  await external.database.db.query(`ALTER TABLE hexclave.users ADD CONSTRAINT no_x CHECK (display_name <> 'x')`);
  await succeed(project.api.post('/users', { display_name: 'x' }));
  await waitUntil(async () => (await statusOf()).external_databases[0].parked_rows === 1, {
    timeoutMs: 20_000,
    describe: 'the parked row',
  });
  const [main] = (await statusOf()).external_databases;
  expect(main.state).toBe('failing');
  const of = main.mappings.find((mapping: { mapping: string }) => mapping.mapping === 'users');
  const parked = await external.database.db.query<{ error_code: string }>(of.parked_rows_remedy);
  expect(parked).toMatchObject([{ error_code: 'TARGET_ROW_REFUSED' }]);
});

describe('all projects', () => {
  test('are for the operator alone', async () => {
    for (const path of [`${STATUS}?scope=all`, `${STATUS}/history?scope=all`, `${STATUS}/stream?scope=all`]) {
      expect(await project.admin.get(path)).toMatchObject({ status: 401, body: { code: 'EXPECTED_INTERNAL_PROJECT' } });
    }
    const other = await hexclave.createProject();
    const asked = await project.admin.get(`${STATUS}?project_id=${other.keys.projectId}`);
    expect(asked).toMatchObject({ status: 404, body: { code: 'PROJECT_NOT_FOUND' } });
    const status = await succeed(hexclave.operator.get(`${STATUS}?project_id=${other.keys.projectId}`));
    expect(status).toMatchObject({ scope: 'tenancy', tenancy_id: other.tenancyId });
  });

  test('come page by page, each once, by name and by need of attention', async () => {
    const projects = [];
    for (let n = 0; n < 5; n++) {
      const each = await hexclave.createProject();
      await each.addExternalDatabase();
      projects.push(each);
    }
    await projects[3]?.configure({ 'dbSync.externalDatabases.main.paused': true });
    const ids = new Set(projects.map(({ tenancyId }) => tenancyId));
    for (const sort of ['state', 'lag', '-lag', 'name', '-name']) {
      const found = await wholeList(`sort=${sort}&limit=2`);
      const seen = found.map(({ tenancy_id }) => tenancy_id).filter((id) => ids.has(id));
      expect(new Set(seen)).toEqual(ids);
      expect(seen).toHaveLength(ids.size);
    }
    const paused = await wholeList('state=paused&limit=2');
    expect(paused.map(({ tenancy_id }) => tenancy_id)).toContain(projects[3]?.tenancyId);
    expect(paused.every(({ state }) => state === 'paused')).toBe(true);
    const one = await succeed(hexclave.operator.get(`${STATUS}?scope=all&query=${projects[1]?.keys.projectId}`));
    expect(one.items.map((item: { tenancy_id: string }) => item.tenancy_id)).toEqual([projects[1]?.tenancyId]);
  });

  test('a cursor of something else is refused', async () => {
    const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const ofLag = text({ kind: 'lag', tenancyId: randomUUID(), oldest: '1' });
    for (const cursor of ['x', text({ kind: 'name' }), ofLag]) {
      expect(await hexclave.operator.get(`${STATUS}?scope=all&cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { code: 'SCHEMA_ERROR' },
      });
    }
  });

  test('come with the pipeline: its switches, its servers, and when they last ran', async () => {
    await waitUntil(
      async () =>
        (await succeed(hexclave.operator.get(`${STATUS}?scope=all`))).pipeline.sequencer.last_run_at_millis !== null,
      { timeoutMs: 20_000, describe: 'a server to tell of itself' },
    );
    const { pipeline, totals } = await succeed(hexclave.operator.get(`${STATUS}?scope=all`));
    expect(pipeline.fusebox).toEqual({ sequencer: true, poller: true, outgoing_requests: true, sync_engine: true });
    expect(pipeline.servers).toHaveLength(hexclave.servers.length);
    expect(pipeline.poller.last_run_at_millis).toBeGreaterThan(0);
    expect(pipeline.sequencer.pending.map(({ table }: { table: string }) => table)).toContain('DeletedRow');
    expect(totals.projects).toBe(totals.fresh + totals.behind + totals.failing + totals.paused);
    const history = await succeed(hexclave.operator.get(`${STATUS}/history?scope=all`));
    expect(history.from_millis).toBe(history.at_millis - 3_600_000);
  });
});

type Item = { tenancy_id: string; state: string };

async function wholeList(query: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const from: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page = await succeed(hexclave.operator.get(`${STATUS}?scope=all&${query}${from}`));
    items.push(...page.items);
    cursor = page.pagination.next_cursor;
  }
  return items;
}

test('where only cron routes drive the pipeline, that of the sequencer takes the samples', async () => {
  const driven = await createInstallation({ servers: 0 });
  const server = await driven.startServer({ runLoops: false });
  const samples = () => driven.db.query('SELECT 1 FROM "PipelineSample"');
  expect(await samples()).toEqual([]);
  expect(await driven.cron(server, 'sequencer')).toMatchObject({ status: 200 });
  expect(await samples()).toHaveLength(1);
  await driven.close();
});
