import { waitUntil } from '@hexclave/testing';
import pg from 'pg';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { connectionOf, createHarness, differences, type Harness, type Target } from './harness.ts';
import { countRoundTrips } from './round-trips.ts';
import { addUser, addUsers, removeUser, rename } from './rows.ts';
import { regressions, watchVersions } from './versions.ts';

let harness: Harness;
let tenancy: string;
let target: Target;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
});

afterEach(() => harness.close());

async function session(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

test('five engines at once on one tenancy, while it is written to: the same final state, and no row ever goes back', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 20; count++) ids.push(await addUser(harness.db, tenancy, { name: 'v0' }));
  await harness.sync(tenancy);
  await watchVersions(target.database.db);
  let writing = true;
  const engines = Array.from({ length: 5 }, async () => {
    const engine = harness.newEngine();
    let runs = 0;
    while (writing) {
      await engine.sync({ tenancyId: tenancy, maxDurationMs: 5_000 });
      runs++;
    }
    return runs;
  });
  for (let version = 1; version <= 120; version++) {
    const id = ids[version % ids.length] ?? '';
    if (version % 13 === 0) {
      await removeUser(harness.db, id);
      await addUser(harness.db, tenancy, { id, name: `v${version}` });
    } else await rename(harness.db, id, `v${version}`);
    await harness.db.query('SELECT * FROM "backfill_null_sequence_ids"()');
  }
  writing = false;
  const runs = await Promise.all(engines);
  await harness.syncAgain(tenancy);
  expect(Math.min(...runs)).toBeGreaterThan(1);
  expect(await differences(harness, target)).toEqual([]);
  expect(await regressions(target.database.db)).toEqual([]);
});

test('five engines begin the first copy at once', async () => {
  await addUsers(harness.db, tenancy, 3_000);
  await harness.db.query('SELECT * FROM "backfill_null_sequence_ids"(5000)');
  const engines = Array.from({ length: 5 }, () => harness.newEngine());
  await Promise.all(engines.map((engine) => engine.sync({ tenancyId: tenancy, maxDurationMs: 20_000 })));
  await harness.syncAgain(tenancy);
  expect(await differences(harness, target)).toEqual([]);
});

test('engines that take turns ask the target once for each change, as one alone does', async () => {
  const trips = await countRoundTrips(connectionOf(harness.internal.connectionString).port);
  const far = await harness.addTarget(tenancy, 'far', { connection: { port: trips.port } });
  const id = await addUser(harness.db, tenancy, { name: 'v0' });
  const engines = [harness.newEngine(), harness.newEngine(), harness.newEngine()];
  for (const engine of engines) await harness.sync(tenancy, engine);
  for (let version = 1; version <= 6; version++) {
    trips.take();
    await rename(harness.db, id, `v${version}`);
    await harness.sync(tenancy, engines[version % engines.length]);
    expect(trips.take()).toBe(1);
  }
  expect(await differences(harness, far)).toEqual([]);
});

test.each([
  ['by an engine that is new to it', () => harness.newEngine(), null],
  ['by a request for this database', () => undefined, 'main'],
])('where the state is ahead of the target, the target is believed: %s', async (_, engineOf, externalDatabaseId) => {
  const known = harness.newEngine();
  const id = await addUser(harness.db, tenancy, { name: 'v0' });
  await harness.sync(tenancy, known);
  await rename(harness.db, id, 'v1');
  await harness.db.query('SELECT * FROM "backfill_null_sequence_ids"()');
  await harness.db.query(
    `UPDATE "ExternalDatabaseMappingState" SET "appliedSequenceId" = (SELECT last_value FROM "global_seq_id")`,
  );
  await (engineOf() ?? known).sync({ tenancyId: tenancy, externalDatabaseId, maxDurationMs: 20_000 });
  expect(await differences(harness, target)).toEqual([]);
});

test('a batch does not take back how new the rows of the target may be', async () => {
  const id = await addUser(harness.db, tenancy, { name: 'v0' });
  await harness.sync(tenancy);
  const { db } = target.database;
  // As if another engine, at the same position, had put right a row that it read later.
  const later = 10n ** 15n;
  await db.query('UPDATE hexclave._hexclave_sync_metadata SET source_lsn = $1', [String(later)]);
  await rename(harness.db, id, 'v1');
  await harness.sync(tenancy);
  expect(
    await db.query(`SELECT source_lsn AS lsn FROM hexclave._hexclave_sync_metadata WHERE mapping_name = 'users'`),
  ).toEqual([{ lsn: later }]);
  expect(await differences(harness, target)).toEqual([]);
});

test('an engine that is held up between reading and applying is refused once another has gone on', async () => {
  const id = await addUser(harness.db, tenancy, { name: 'v0' });
  await harness.sync(tenancy);
  await watchVersions(target.database.db);
  const other = await session(target.database.connectionString);
  await other.query('BEGIN');
  await other.query(`SELECT 1 FROM hexclave._hexclave_sync_metadata WHERE mapping_name = 'users' FOR UPDATE`);

  await rename(harness.db, id, 'v1');
  const late = harness.sync(tenancy);
  await waitUntil(async () => (await target.database.db.query('SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0, {
    describe: 'the engine, which has read v1, to wait',
  });
  await rename(harness.db, id, 'v2');
  const [numbered] = await harness.db.query<{ id: bigint }>(
    'WITH pass AS MATERIALIZED (SELECT * FROM "backfill_null_sequence_ids"()) SELECT last_value AS id FROM pass, "global_seq_id"',
  );
  await other.query(`UPDATE hexclave.users SET display_name = 'v2'`);
  await other.query(
    `UPDATE hexclave._hexclave_sync_metadata SET last_synced_sequence_id = $1 WHERE mapping_name = 'users'`,
    [String(numbered?.id)],
  );
  await other.query('COMMIT');
  await late;
  expect(await regressions(target.database.db)).toEqual([]);
  expect(await differences(harness, target)).toEqual([]);
  expect(harness.failures).toEqual([]);
});

test('a position that is locked for longer than an engine waits: it says so, and goes on afterwards', async () => {
  const id = await addUser(harness.db, tenancy, { name: 'v0' });
  await harness.sync(tenancy);
  const other = await session(target.database.connectionString);
  await other.query('BEGIN');
  await other.query('SELECT 1 FROM hexclave._hexclave_sync_metadata FOR UPDATE');
  await rename(harness.db, id, 'v1');
  await harness.sync(tenancy);
  expect(harness.failures).toEqual(['main/users: TARGET_LOCKED 55P03']);
  await other.query('COMMIT');
  await harness.syncAgain(tenancy);
  expect(await differences(harness, target)).toEqual([]);
});

test('numbers beyond 2^53 go through the whole pipeline exactly, from both sides of the edge', async () => {
  await harness.db.query(`SELECT setval('"global_seq_id"', 9007199254740989)`);
  const ids: string[] = [];
  for (let count = 0; count < 6; count++) {
    ids.push(await addUser(harness.db, tenancy, { name: `v${count}` }));
    await harness.sync(tenancy);
    expect(await differences(harness, target)).toEqual([]);
  }
  await removeUser(harness.db, ids[0] ?? '');
  await harness.sync(tenancy);
  expect(await differences(harness, target)).toEqual([]);
  const [row] = await target.database.db.query<{ cursor: bigint }>(
    `SELECT last_synced_sequence_id AS cursor FROM hexclave._hexclave_sync_metadata WHERE mapping_name = 'users'`,
  );
  expect(row?.cursor).toBe(9007199254740996n);
});
