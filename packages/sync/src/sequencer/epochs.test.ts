import { rm } from 'node:fs/promises';
import { createDatabase, type Database } from '@hexclave/db';
import { copyCluster } from '@hexclave/embedded-postgres';
import { migrate } from '@hexclave/migrations';
import {
  createTestDatabase,
  needsMigration,
  startExtraCluster,
  type TestDatabase,
  testCluster,
  waitUntil,
} from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { addTeam, addTenancy, numberEverything } from '../fixtures/source.ts';

let database: TestDatabase;
let db: Database;

beforeEach(async () => {
  database = await createTestDatabase();
  db = database.db;
});

afterEach(() => database.drop());

type EpochRow = { startsAfter: bigint; lastNumber: bigint };

function epochs(on: Database): Promise<EpochRow[]> {
  return on.query<EpochRow>('SELECT "startsAfter", "lastNumber" FROM "SequenceEpoch" ORDER BY "ordinal"');
}

async function write(on: Database, rows: number): Promise<void> {
  const tenancy = await addTenancy(on);
  for (let count = 0; count < rows; count++) await addTeam(on, tenancy);
  await numberEverything(on);
}

test('one epoch lasts as long as nothing happens to the server', async () => {
  await write(db, 3);
  await write(db, 2);
  expect(await epochs(db)).toEqual([{ startsAfter: 0n, lastNumber: 5n }]);
});

describe('an epoch begins where the last committed number of the one before ended', () => {
  test('when the server was started anew', async () => {
    await write(db, 3);
    await db.query('UPDATE "SequenceEpoch" SET "postmasterStartedAt" = "postmasterStartedAt" - interval \'1 day\'');
    await write(db, 2);
    expect(await epochs(db)).toEqual([
      { startsAfter: 0n, lastNumber: 3n },
      { startsAfter: 3n, lastNumber: 5n },
    ]);
  });

  test('when the sequence runs ahead of it, as after a crash: the WAL has numbers before they are used', async () => {
    await write(db, 3);
    await db.query(`SELECT setval('"global_seq_id"', 33)`);
    await db.query('TRUNCATE "SequenceEpochWitness"');
    await write(db, 1);
    expect(await epochs(db)).toEqual([
      { startsAfter: 0n, lastNumber: 3n },
      { startsAfter: 3n, lastNumber: 34n },
    ]);
  });

  test('when this is a copy of a database that is restored beside the running server', async () => {
    const own = createDatabase({ connectionString: database.connectionString, max: 1 });
    await write(own, 3);
    await own.end();
    const restored = await copyOf(database);
    await write(restored, 1);
    expect((await epochs(restored)).map((epoch) => epoch.startsAfter)).toEqual([0n, 3n]);
  });
});

test('a claim of a sync is void in a new epoch: a crash may have lost that it was done', async () => {
  const tenancy = await addTenancy(db);
  await db.query(
    `INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "url", "startedFulfillingAt", "leaseExpiresAt", "claimToken")
     VALUES ('sync', $1, NULL, now(), now() + interval '1 minute', gen_random_uuid()),
       ('http', NULL, 'https://example.com', now(), now() + interval '1 minute', gen_random_uuid())`,
    [tenancy],
  );
  const claimable = () =>
    db.query(
      'SELECT "kind" FROM "OutgoingRequest" WHERE "leaseExpiresAt" <= now() AND "startedFulfillingAt" IS NOT NULL',
    );
  await numberEverything(db);
  expect(await claimable()).toEqual([{ kind: 'sync' }]);
  await db.query(`UPDATE "OutgoingRequest" SET "leaseExpiresAt" = now() + interval '1 minute'`);
  await write(db, 1);
  expect(await claimable()).toEqual([]);
  await db.query('TRUNCATE "SequenceEpochWitness"');
  await numberEverything(db);
  expect(await claimable()).toEqual([{ kind: 'sync' }]);
});

test('a sequence that was set back: a new epoch, and no number is drawn twice', async () => {
  await write(db, 5);
  await db.query(`SELECT setval('"global_seq_id"', 2)`);
  await write(db, 1);
  expect(await epochs(db)).toEqual([
    { startsAfter: 0n, lastNumber: 5n },
    { startsAfter: 2n, lastNumber: 6n },
  ]);
  const [row] = await db.query<{ most: bigint; rows: number; distinct: number }>(
    'SELECT max("sequenceId") AS most, count(*)::int AS rows, count(DISTINCT "sequenceId")::int AS distinct FROM "Team"',
  );
  expect(row).toEqual({ most: 6n, rows: 6, distinct: 6 });
});

test('a backend that crashes takes numbers with it that were not on disk yet: a new epoch, in the same server', async () => {
  // WAL is written, where nobody waits for it, by a process that is asleep for ten seconds here.
  const cluster = await startExtraCluster({ settings: { wal_writer_delay: '10s' } });
  await migrate({ connectionString: cluster.connectionString() });
  const internal = createDatabase({ connectionString: cluster.connectionString(), max: 2 });
  onTestFinished(() => internal.end());
  await write(internal, 3);
  const before = await serverOf(internal);
  process.kill(before.walWriter, 'SIGKILL');
  await waitUntil(async () => (await serverOf(internal)).walWriter !== before.walWriter, {
    describe: 'the server to recover',
  });
  expect((await serverOf(internal)).startedAt).toBe(before.startedAt);
  await write(internal, 1);
  expect(await epochs(internal)).toHaveLength(2);
});

const describeKept = describe.skipIf(needsMigration('0010_what_a_restore_takes_back').skip);
describeKept('an epoch knows how much of the write-ahead log of before the database has', () => {
  const lsnOf = async (on: Database) => {
    const [row] = await on.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
    return row?.lsn ?? '';
  };
  /** Of the latest epoch: whether a place in the log is known to be kept, or `null` if nothing is known. */
  const isKept = async (on: Database, lsn: string) => {
    const [row] = await on.query<{ kept: boolean | null }>(
      'SELECT $1::pg_lsn <= "keptThrough" AS kept FROM "SequenceEpoch" ORDER BY "ordinal" DESC LIMIT 1',
      [lsn],
    );
    return row?.kept;
  };
  const startInternal = async () => {
    const cluster = await startExtraCluster();
    await migrate({ connectionString: cluster.connectionString() });
    const internal = createDatabase({ connectionString: cluster.connectionString(), max: 2 });
    onTestFinished(() => internal.end());
    await write(internal, 3);
    return { cluster, internal };
  };
  /** The connections of before the restart have to be found broken first. */
  const patiently = (work: () => Promise<unknown>) =>
    waitUntil(
      () =>
        work().then(
          () => true,
          () => false,
        ),
      { describe: 'the server to answer again' },
    );

  test.each(['fast', 'immediate'] as const)('all of it, after a stop in mode %s', async (mode) => {
    const { cluster, internal } = await startInternal();
    await internal.query('CHECKPOINT');
    const before = await lsnOf(internal);
    await cluster.stop(mode);
    await cluster.restart();
    await patiently(() => write(internal, 1));
    expect(await isKept(internal, before)).toBe(true);
    expect(await isKept(internal, await lsnOf(internal))).toBe(false);
  });

  test('nothing is known once a later checkpoint has hidden where the server was stopped', async () => {
    const { cluster, internal } = await startInternal();
    await cluster.stop();
    await cluster.restart();
    await patiently(() => internal.query('CREATE TABLE IF NOT EXISTS something ()'));
    await internal.query('CHECKPOINT');
    await write(internal, 1);
    expect(await isKept(internal, '0/1')).toBeNull();
  });

  test('only that of the backup, after a restore of the whole installation', async () => {
    const { cluster, internal } = await startInternal();
    const kept = await lsnOf(internal);
    await cluster.stop();
    const backup = `${cluster.dataDir}_backup`;
    const { binDir } = testCluster();
    await copyCluster({ from: cluster.dataDir, to: backup, binDir });
    onTestFinished(() => rm(backup, { recursive: true, force: true }));
    await cluster.restart();
    await patiently(() => write(internal, 5));
    const lost = await lsnOf(internal);
    await cluster.stop('immediate');
    await rm(cluster.dataDir, { recursive: true });
    await copyCluster({ from: backup, to: cluster.dataDir, binDir });
    await cluster.restart();
    await patiently(() => write(internal, 1));
    expect(await epochs(internal)).toHaveLength(2);
    expect(await isKept(internal, lost)).toBe(false);
    expect(await isKept(internal, kept)).toBe(true);
  });

  test('nothing is known of a copy of the database', async () => {
    const own = createDatabase({ connectionString: database.connectionString, max: 1 });
    await write(own, 3);
    await own.end();
    const restored = await copyOf(database);
    await write(restored, 1);
    expect(await isKept(restored, '0/1')).toBeNull();
  });

  test('all of it, when only the sequence was set back', async () => {
    await write(db, 5);
    const before = await lsnOf(db);
    await db.query(`SELECT setval('"global_seq_id"', 2)`);
    await write(db, 1);
    expect(await isKept(db, before)).toBe(true);
  });
});

async function copyOf(original: TestDatabase): Promise<Database> {
  const admin = createDatabase({
    connectionString: original.connectionString.replace(original.name, 'postgres'),
    max: 1,
  });
  const name = `${original.name}_restored`;
  await admin.query(`CREATE DATABASE "${name}" TEMPLATE "${original.name}"`);
  const copy = createDatabase({ connectionString: original.connectionString.replace(original.name, name), max: 2 });
  onTestFinished(async () => {
    await copy.end();
    await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
    await admin.end();
  });
  return copy;
}

async function serverOf(on: Database): Promise<{ startedAt: string; walWriter: number }> {
  const [row] = await on.query<{ startedAt: string; walWriter: number }>(
    `SELECT pg_postmaster_start_time()::text AS "startedAt", pid AS "walWriter" FROM pg_stat_activity WHERE backend_type = 'walwriter'`,
  );
  if (row === undefined) throw new Error('no WAL writer');
  return row;
}
