import { postgresDestination } from '@hexclave/destination-postgres';
import { compileTargetTable } from '@hexclave/sync';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { connectionOf, createHarness, differences, type Harness, stateOf, type Target } from './harness.ts';
import { countRoundTrips } from './round-trips.ts';
import { addTeam, addUser, addUsers, rename } from './rows.ts';

let harness: Harness;
let tenancy: string;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
});

afterEach(() => harness.close());

const onTarget = (target: Target, sql: string) => target.database.db.query<Record<string, unknown>>(sql);

/** The sign-in with SCRAM: name, proof begun, proof done. */
const SIGN_IN = 3;
const ONE_TABLE = {
  contact_channels: { enabled: false },
  teams: { enabled: false },
  team_member_profiles: { enabled: false },
};

describe('round trips to a target do not grow with the number of its tables', () => {
  test.each([
    ['one table', ONE_TABLE, 1],
    ['four', {}, 4],
  ])('%s', async (_, tables, count) => {
    const trips = await countRoundTrips(connectionOf(harness.internal.connectionString).port);
    const target = await harness.addTarget(tenancy, 'main', { tables, connection: { port: trips.port } });

    await harness.sync(tenancy);
    // A look at what is there, everything created, all copies begun. With nothing to copy, that is all.
    expect(trips.take()).toBe(SIGN_IN + 3);
    expect(Object.keys((await stateOf(harness, target)).mappings)).toHaveLength(count);

    await harness.sync(tenancy, harness.newEngine());
    expect(trips.take()).toBe(SIGN_IN + 1);

    await onTarget(target, 'UPDATE hexclave._hexclave_sync_metadata SET epoch = NULL');
    await harness.sync(tenancy, harness.newEngine());
    expect(trips.take()).toBe(SIGN_IN + 2);
  });
});

test('the few rows of a small table cost one round trip', async () => {
  const trips = await countRoundTrips(connectionOf(harness.internal.connectionString).port);
  const target = await harness.addTarget(tenancy, 'main', { connection: { port: trips.port } });
  await addUsers(harness.db, tenancy, 249);
  await addTeam(harness.db, tenancy);
  await harness.sync(tenancy);
  expect(trips.take()).toBe(SIGN_IN + 3 + 2);
  expect(await differences(harness, target)).toEqual([]);
});

test('few rows that are large are not held in memory: they are streamed by COPY', async () => {
  const trips = await countRoundTrips(connectionOf(harness.internal.connectionString).port);
  const target = await harness.addTarget(tenancy, 'main', { connection: { port: trips.port } });
  await addUsers(harness.db, tenancy, 10);
  await harness.db.query(`UPDATE "ProjectUser" SET "clientMetadata" = to_jsonb(repeat('x', 500000))`);
  await harness.sync(tenancy);
  // COPY is begun, fed, and committed.
  expect(trips.take()).toBe(SIGN_IN + 3 + 3);
  expect(await differences(harness, target)).toEqual([]);
});

test('with nothing to copy a table is streamed at once, and shown so', async () => {
  const target = await harness.addTarget(tenancy);
  await harness.sync(tenancy);
  const { mappings } = await stateOf(harness, target);
  expect(Object.values(mappings).map((state) => state?.phase)).toEqual(['stream', 'stream', 'stream', 'stream']);
  await addUser(harness.db, tenancy);
  await addTeam(harness.db, tenancy);
  await harness.sync(tenancy, harness.newEngine());
  expect(await differences(harness, target)).toEqual([]);
});

test('a copy does not replace one that somebody else has begun meanwhile: cursors would go back', async () => {
  const target = await harness.addTarget(tenancy);
  const destination = postgresDestination({ allowPrivateHosts: true, connectTimeoutMs: 3_000 });
  const owner = { tenancyId: tenancy, externalDatabaseId: 'main', siblingIds: [] };
  const connection = await destination.connect(connectionOf(target.database.connectionString), 'hexclave', owner);
  onTestFinished(() => connection.close());
  const mapping = harness.catalog.mappings.find(({ name }) => name === 'teams');
  if (mapping === undefined) throw new Error('there is no such mapping');
  const table = compileTargetTable(mapping, {}, 'hard');
  await connection.prepare([table]);
  const start = (cursor: bigint) => ({
    ...{ table, from: null, epoch: 'an epoch', cursor, sourceLsn: 1n },
    ...{ ifEmpty: null, otherwise: { after: null, fresh: false } },
  });
  const begun = { epoch: 'an epoch', cursor: 20n, copy: null, sourceLsn: 1n };
  expect(await connection.startCopies([start(20n)])).toEqual(new Map([['teams', begun]]));
  expect(await connection.startCopies([start(10n)])).toEqual(new Map([['teams', null]]));
  expect(await connection.readPosition(table)).toEqual(begun);
  expect(await connection.startCopies([{ ...start(30n), from: begun }])).toEqual(
    new Map([['teams', { ...begun, cursor: 30n }]]),
  );
});

test('nothing to copy, but rows in the target: they are swept away', async () => {
  const target = await harness.addTarget(tenancy);
  await harness.sync(tenancy);
  await onTarget(
    target,
    `INSERT INTO hexclave.users SELECT gen_random_uuid(), 'stray', NULL, NULL, false, now(), NULL, NULL, NULL, false FROM generate_series(1, 50)`,
  );
  await onTarget(target, 'UPDATE hexclave._hexclave_sync_metadata SET epoch = NULL');
  await harness.sync(tenancy, harness.newEngine());
  expect(await onTarget(target, 'SELECT 1 FROM hexclave.users')).toEqual([]);
});

test('one table that cannot be created does not keep the others from being, and heals', async () => {
  const target = await harness.addTarget(tenancy);
  await onTarget(target, 'CREATE SCHEMA hexclave');
  await onTarget(target, `CREATE TYPE hexclave.teams AS ENUM ('in the way')`);
  await addUsers(harness.db, tenancy, 300);
  await addTeam(harness.db, tenancy);
  await harness.sync(tenancy);
  const { mappings } = await stateOf(harness, target);
  expect(mappings.teams?.errorCode).toBe('TARGET_ERROR');
  expect(mappings.users?.errorCode).toBeNull();
  expect(await onTarget(target, 'SELECT count(*)::int AS n FROM hexclave.users')).toEqual([{ n: 300 }]);
  await onTarget(target, 'DROP TYPE hexclave.teams');
  await harness.syncAgain(tenancy);
  expect(await differences(harness, target)).toEqual([]);
});

test('three engines that meet a target at the same moment: each finds it as the first has made it', async () => {
  const target = await harness.addTarget(tenancy);
  await addUsers(harness.db, tenancy, 600);
  const engines = Array.from({ length: 3 }, () => harness.newEngine());
  await Promise.all(engines.map((engine) => harness.sync(tenancy, engine)));
  expect(harness.failures).toEqual([]);
  expect(await differences(harness, target)).toEqual([]);
});

test.each(['_hexclave_parked_rows', '_hexclave_sync_metadata'])(
  '%s of ours was dropped: it is made again',
  async (table) => {
    const target = await harness.addTarget(tenancy);
    const user = await addUser(harness.db, tenancy, { name: 'v0' });
    await harness.sync(tenancy);
    await onTarget(target, `DROP TABLE hexclave.${table}`);
    await rename(harness.db, user, 'v1');
    await harness.sync(tenancy, harness.newEngine());
    expect(await differences(harness, target)).toEqual([]);
    expect(harness.failures).toEqual([]);
  },
);
