import { createTestDatabase, fileNeedsMigrations, type TestDatabase } from '@hexclave/testing';
import { fillInstallation, LARGE } from '@hexclave/testing/installation';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileBacklog } from '../compile/backlog.ts';
import { hexclaveCatalog } from '../mappings/index.ts';
import { countTenancies, readAttention, readUnnumbered } from './attention.ts';
import { explaining, type PlanNode } from './fixtures/plans.ts';
import { readDatabaseHistory, readPipelineHistory } from './history.ts';
import { refreshLags } from './lag.ts';
import { listTenancies } from './list.ts';
import { readPipeline } from './pipeline-status.ts';
import { sampler } from './sample.ts';
import { readSnapshot } from './snapshot.ts';
import { tenancyReader } from './tenancies.ts';

fileNeedsMigrations(['0012_status', '0013_status_indexes', '0017_tenancy_lag']);

const SIZE = { tenancies: 500, users: 20_000, tombstones: 5_000 };
const LIMIT = 1_000;

const sql = compileBacklog(hexclaveCatalog);
const readTenancies = tenancyReader(hexclaveCatalog);
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await fillInstallation(database.db, SIZE);
  await sampler(hexclaveCatalog)(database.db);
});

afterAll(() => database.drop());

/** The plans of what `read` asks, as it is asked. */
async function plansOf(read: (tx: Parameters<typeof explaining>[0]) => Promise<unknown>): Promise<PlanNode[]> {
  const nodes: PlanNode[] = [];
  await readSnapshot(database.db, (tx) => read(explaining(tx, nodes)));
  expect(nodes.length).toBeGreaterThan(0);
  return nodes;
}

/** Tables that have one row, or as many as there are processes or recent samples. */
const SMALL = new Set(['ExternalDbSyncMetadata', 'PipelineProcess', 'PipelineSample', 'global_seq_id', 'pg_database']);

function scanned(nodes: PlanNode[]): PlanNode[] {
  return nodes.filter(({ type, relation }) => type === 'Seq Scan' && !SMALL.has(relation ?? ''));
}

test('a tenancy with a long backlog is read by indexes alone, and no further than the limit', async () => {
  const nodes = await plansOf((tx) => readTenancies(tx, [LARGE], { limit: LIMIT }));
  expect(scanned(nodes)).toEqual([]);
  expect(Math.max(...nodes.map(({ rows }) => rows))).toBeLessThanOrEqual(LIMIT);
});

test('a copy of a table with many rows is estimated', async () => {
  await database.db.query(`UPDATE "ExternalDatabaseMappingState" SET "phase" = 'copy' WHERE "tenancyId" = $1`, [LARGE]);
  const nodes = await plansOf((tx) => readTenancies(tx, [LARGE], { limit: LIMIT }));
  await database.db.query(`UPDATE "ExternalDatabaseMappingState" SET "phase" = 'stream' WHERE "tenancyId" = $1`, [
    LARGE,
  ]);
  expect(scanned(nodes)).toEqual([]);
  expect(Math.max(...nodes.map(({ rows }) => rows))).toBeLessThanOrEqual(LIMIT);
});

test('the pipeline is read by indexes alone', async () => {
  const nodes = await plansOf((tx) => readPipeline(tx, sql));
  expect(scanned(nodes)).toEqual([]);
});

test('what needs attention is found without looking at what does not', async () => {
  const nodes = await plansOf(async (tx) => readAttention(tx, await readUnnumbered(tx, sql), { limit: 50 }));
  expect(scanned(nodes)).toEqual([]);
  expect(Math.max(...nodes.map(({ rows }) => rows))).toBeLessThan(10);
});

test('when all are in trouble, each is looked at once, and only the page leaves the database', async () => {
  await database.db.query(
    `UPDATE "ExternalDatabaseState" SET "errorCode" = 'TARGET_UNREACHABLE', "failingSince" = now()`,
  );
  const nodes: PlanNode[] = [];
  const page = await readSnapshot(database.db, async (tx) =>
    listTenancies(explaining(tx, nodes), { tenancyIds: [], since: [] }, { limit: 20, sort: 'state' }),
  );
  await database.db.query('UPDATE "ExternalDatabaseState" SET "errorCode" = NULL, "failingSince" = NULL');
  expect(page.ids).toHaveLength(20);
  expect(page.counts).toEqual({ failing: SIZE.tenancies, behind: 0, paused: 0 });
  expect(scanned(nodes)).toEqual([]);
  expect(Math.max(...nodes.map(({ rows }) => rows))).toBeLessThanOrEqual(SIZE.tenancies);
});

test('when all wait for changes, the order by lag is read where it is kept', async () => {
  await database.db.query(
    `UPDATE "ExternalDatabaseState" SET "errorCode" = 'TARGET_UNREACHABLE', "failingSince" = now()`,
  );
  await database.db.query('UPDATE "ExternalDatabaseMappingState" SET "appliedSequenceId" = 0');
  const kept = await plansOf((tx) => refreshLags(tx, sql));
  const page = await plansOf((tx) => listTenancies(tx, { tenancyIds: [], since: [] }, { limit: 20, sort: 'lag' }));
  await database.db.query('UPDATE "ExternalDatabaseMappingState" SET "appliedSequenceId" = 1000');
  await database.db.query('UPDATE "ExternalDatabaseState" SET "errorCode" = NULL, "failingSince" = NULL');
  expect(scanned(page)).toEqual([]);
  // What is kept is gone through for what is gone.
  expect(scanned(kept).map(({ relation }) => relation)).toEqual(['TenancyLag']);
  // For keeping it, once for each table of each project; for reading it, nothing but what is kept.
  expect(Math.max(...kept.map(({ rows }) => rows))).toBeLessThanOrEqual(
    SIZE.tenancies * hexclaveCatalog.mappings.length,
  );
  expect(Math.max(...page.map(({ rows }) => rows))).toBeLessThanOrEqual(SIZE.tenancies);
  const tables = new Set(page.map(({ relation }) => relation));
  expect(tables).toContain('TenancyLag');
  expect(tables).not.toContain('ProjectUser');
});

test('a page of the list costs what the page has, and its count what there are databases', async () => {
  const page = await plansOf(async (tx) =>
    listTenancies(tx, await readUnnumbered(tx, sql), { limit: 20, sort: 'state' }),
  );
  expect(scanned(page)).toEqual([]);
  expect(Math.max(...page.map(({ rows }) => rows))).toBeLessThan(100);
  const count = await plansOf((tx) => countTenancies(tx));
  expect(count.map(({ type }) => type)).toContain('Index Only Scan');
});

test('the last hour is read from samples alone', async () => {
  const nodes = [
    ...(await plansOf((tx) => readPipelineHistory(tx))),
    ...(await plansOf((tx) => readDatabaseHistory(tx, LARGE, null))),
  ];
  expect(scanned(nodes)).toEqual([]);
});
