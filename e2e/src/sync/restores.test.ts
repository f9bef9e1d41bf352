import { numberAll, pruneTombstones } from '@hexclave/sync';
import { waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHarness, differences, type Harness, type Target } from './harness.ts';
import { addUser, addUsers, removeUser, rename } from './rows.ts';
import { backUpSource } from './source-backup.ts';

let harness: Harness;
let tenancy: string;
let target: Target;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
});

afterEach(() => harness.close());

const onTarget = (sql: string, values?: unknown[]) => target.database.db.query<Record<string, unknown>>(sql, values);
const expectEqual = async () => expect(await differences(harness, target)).toEqual([]);

/** Keeps the users of the target as they are now, with their position. Returns what brings both back. */
async function backup(): Promise<() => Promise<void>> {
  await onTarget('CREATE TABLE saved_users AS TABLE hexclave.users');
  await onTarget('CREATE TABLE saved_metadata AS TABLE hexclave._hexclave_sync_metadata');
  return async () => {
    await target.database.db.transaction(async (tx) => {
      await tx.query('DELETE FROM hexclave.users');
      await tx.query('INSERT INTO hexclave.users TABLE saved_users');
      await tx.query('DELETE FROM hexclave._hexclave_sync_metadata');
      await tx.query('INSERT INTO hexclave._hexclave_sync_metadata TABLE saved_metadata');
    });
  };
}

describe('a target restored to an older state', () => {
  test.each(['with the engine that knew it before', 'with a new engine'])('is replayed, %s', async (which) => {
    const [gone, kept] = [await addUser(harness.db, tenancy), await addUser(harness.db, tenancy, { name: 'v0' })];
    await harness.sync(tenancy);
    const restore = await backup();
    await removeUser(harness.db, gone);
    await rename(harness.db, kept, 'v1');
    await addUsers(harness.db, tenancy, 600);
    await harness.sync(tenancy);
    await restore();
    await rename(harness.db, kept, 'v2');
    await harness.sync(tenancy, which === 'with a new engine' ? harness.newEngine() : undefined);
    await expectEqual();
    expect(harness.failures).toEqual([]);
  });

  test('from before tombstones that are gone by now: it is copied anew, and what it has too many is swept', async () => {
    const gone = await addUser(harness.db, tenancy);
    await addUsers(harness.db, tenancy, 300);
    await harness.sync(tenancy);
    const restore = await backup();
    await removeUser(harness.db, gone);
    await harness.sync(tenancy);
    expect(await pruneTombstones(harness.db, harness.catalog, 0)).toBe(1);
    await restore();
    await harness.sync(tenancy, harness.newEngine());
    await expectEqual();
  });

  test('and tombstones that a copy has not applied yet are not removed', async () => {
    const gone = await addUser(harness.db, tenancy);
    await harness.sync(tenancy);
    await harness.db.query('UPDATE "ExternalDatabase" SET "paused" = true');
    await removeUser(harness.db, gone);
    await harness.sync(tenancy);
    expect(await pruneTombstones(harness.db, harness.catalog, 0)).toBe(0);
    await harness.db.query('UPDATE "ExternalDatabase" SET "paused" = false');
    await harness.sync(tenancy);
    await expectEqual();
    expect(await pruneTombstones(harness.db, harness.catalog, 0)).toBe(1);
  });
});

describe('a cursor in the target that somebody touched', () => {
  test.each([
    ['deleted', 'DELETE FROM hexclave._hexclave_sync_metadata'],
    ['set absurdly high', 'UPDATE hexclave._hexclave_sync_metadata SET last_synced_sequence_id = 9223372036854775807'],
    ['set below zero', 'UPDATE hexclave._hexclave_sync_metadata SET last_synced_sequence_id = -5'],
    ['given another epoch', "UPDATE hexclave._hexclave_sync_metadata SET epoch = 'unknown'"],
    ['emptied', 'UPDATE hexclave._hexclave_sync_metadata SET epoch = NULL'],
  ])('%s: everything is copied anew, what is too many is swept, and readers never see too few rows', async (_, sql) => {
    await addUsers(harness.db, tenancy, 900);
    await harness.sync(tenancy);
    await onTarget(
      `INSERT INTO hexclave.users SELECT gen_random_uuid(), 'stray', NULL, NULL, false, now(), NULL, NULL, NULL, false FROM generate_series(1, 50)`,
    );
    await onTarget('DELETE FROM hexclave.teams');
    await onTarget(sql);
    await addUser(harness.db, tenancy);
    let fewest = Number.POSITIVE_INFINITY;
    let done = false;
    const reader = (async () => {
      while (!done) {
        const [row] = await onTarget(`SELECT count(*)::int AS n FROM hexclave.users WHERE display_name <> 'stray'`);
        fewest = Math.min(fewest, Number(row?.n));
      }
    })();
    await harness.sync(tenancy);
    await harness.syncAgain(tenancy);
    done = true;
    await reader;
    await expectEqual();
    expect(fewest).toBeGreaterThanOrEqual(900);
  });
});

describe('an internal database restored from a backup', () => {
  test('is noticed: what the target has from the lost time is undone', async () => {
    const [kept, gone] = [
      await addUser(harness.db, tenancy, { name: 'v0' }),
      await addUser(harness.db, tenancy, { name: 'back' }),
    ];
    await harness.sync(tenancy);
    await harness.db.query('CREATE TABLE saved_users AS TABLE "ProjectUser"');
    await harness.db.query('CREATE TABLE saved_epochs AS TABLE "SequenceEpoch"');
    const [sequence] = await harness.db.query<{ last: bigint }>('SELECT last_value AS last FROM "global_seq_id"');

    await rename(harness.db, kept, 'lost');
    await removeUser(harness.db, gone);
    await addUser(harness.db, tenancy, { name: 'never was' });
    await harness.sync(tenancy);

    await harness.db.transaction(async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica');
      for (const [table, saved] of [
        ['ProjectUser', 'saved_users'],
        ['SequenceEpoch', 'saved_epochs'],
      ])
        await tx
          .query(`DELETE FROM "${table}"`)
          .then(() => tx.query(`INSERT INTO "${table}" OVERRIDING SYSTEM VALUE TABLE ${saved}`));
      await tx.query('DELETE FROM "DeletedRow"');
      // The WAL has a sequence up to 32 numbers ahead of what was drawn.
      await tx.query(`SELECT setval('"global_seq_id"', $1)`, [String((sequence?.last ?? 0n) + 20n)]);
      // A restore ends with a server that was started anew.
      await tx.query('UPDATE "SequenceEpoch" SET "postmasterStartedAt" = now() - interval \'1 day\'');
    });
    await harness.sync(tenancy);
    await expectEqual();
    expect(await onTarget('SELECT display_name AS name FROM hexclave.users ORDER BY 1')).toEqual([
      { name: 'back' },
      { name: 'v0' },
    ]);
  });

  test('undoes what the target has from the lost time under numbers from before it', async () => {
    const engine = harness.newEngine();
    const kept = await addUser(harness.db, tenancy, { name: 'v0' });
    const gone = await addUser(harness.db, tenancy, { name: 'back' });
    await numberAll(harness.db, 20_000);
    const restore = await backUpSource(harness.internal);
    // Not numbered, so the target gets these changes with the numbers that the backup has.
    await rename(harness.db, kept, 'lost');
    await removeUser(harness.db, gone);
    await engine.sync({ tenancyId: tenancy, maxDurationMs: 20_000 });
    expect(await onTarget('SELECT display_name AS name FROM hexclave.users')).toEqual([{ name: 'lost' }]);
    await restore();
    await harness.sync(tenancy, engine);
    await expectEqual();
    expect(harness.failures).toEqual([]);
  });

  test('undoes what a copy under way has from the lost time', async () => {
    await addUsers(harness.db, tenancy, 3_000);
    const engine = harness.newEngine();
    await harness.sync(tenancy, engine);
    // As if the copy had come half way, without a number handed out since it began.
    const [half] = await onTarget('SELECT id::text FROM hexclave.users ORDER BY id OFFSET 1500 LIMIT 1');
    await onTarget(
      `UPDATE hexclave._hexclave_sync_metadata SET copy_progress = jsonb_build_object('after', jsonb_build_array($1::text), 'fresh', false)
       WHERE mapping_name = 'users'`,
      [half?.id],
    );
    const restore = await backUpSource(harness.internal);
    await onTarget(
      `UPDATE hexclave.users SET display_name = 'lost' WHERE id IN (SELECT id FROM hexclave.users ORDER BY id LIMIT 10)`,
    );
    await restore();
    await harness.sync(tenancy, harness.newEngine());
    await expectEqual();
  });

  test('leaves copies alone that are not ahead, and takes them over: what was read in older times is refused', async () => {
    await addUsers(harness.db, tenancy, 5);
    await harness.sync(tenancy);
    const positions = () =>
      onTarget(
        `SELECT epoch, last_synced_sequence_id AS cursor FROM hexclave._hexclave_sync_metadata WHERE mapping_name = 'teams'`,
      );
    const before = await positions();
    // Only the sequence is set back, to where no target has been: the shortest way to an epoch that loses nothing.
    await addUsers(harness.db, tenancy, 5);
    await numberAll(harness.db, 20_000);
    await harness.db.query(`SELECT setval('"global_seq_id"', (SELECT last_value - 1 FROM "global_seq_id"))`);
    await harness.sync(tenancy);
    const [epoch] = await harness.db.query<{ id: string }>('SELECT "id" FROM "SequenceEpoch" ORDER BY "ordinal" DESC');
    expect(await positions()).toEqual([{ cursor: before[0]?.cursor, epoch: epoch?.id }]);
    expect(epoch?.id).not.toBe(before[0]?.epoch);
    await expectEqual();
  });

  test('and every tenancy is asked to compare itself, without a write', async () => {
    await harness.sync(tenancy);
    await harness.db.query('DELETE FROM "OutgoingRequest"');
    await harness.db.query('UPDATE "SequenceEpoch" SET "postmasterStartedAt" = now() - interval \'1 day\'');
    await harness.sync(tenancy);
    expect(await harness.db.query('SELECT "tenancyId" FROM "OutgoingRequest"')).toEqual([{ tenancyId: tenancy }]);
  });
});

test('a target that an older version has made is brought up to date, and not copied anew', async () => {
  await addUsers(harness.db, tenancy, 5);
  await harness.sync(tenancy);
  const metadata = () =>
    onTarget('SELECT to_jsonb(m) - $1 AS row FROM hexclave._hexclave_sync_metadata m ORDER BY mapping_name', [
      'source_lsn',
    ]);
  const before = await metadata();
  await onTarget('ALTER TABLE hexclave._hexclave_sync_metadata DROP COLUMN source_lsn');
  await harness.sync(tenancy, harness.newEngine());
  expect(await metadata()).toEqual(before);
  await addUser(harness.db, tenancy);
  await harness.sync(tenancy);
  expect(
    await onTarget(`SELECT source_lsn > 0 AS noted FROM hexclave._hexclave_sync_metadata WHERE mapping_name = 'users'`),
  ).toEqual([{ noted: true }]);
  expect(harness.failures).toEqual([]);
});

describe('a first copy', () => {
  test('with writes going on, whose engine is killed in the middle, goes on where it was', async () => {
    await addUsers(harness.db, tenancy, 12_000);
    const engine = harness.newEngine();
    const copying = harness.sync(tenancy, engine).catch((error: unknown) => error);
    await waitUntil(
      async () => Number((await onTarget('SELECT count(*)::int AS n FROM hexclave.users'))[0]?.n) >= 2_000,
      {
        describe: 'some of the rows to be copied',
      },
    );
    await harness.db.query(`DELETE FROM "ProjectUser" WHERE ("clientMetadata" ->> 'n')::int % 10 = 0`);
    await onTarget(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hexclave'",
    );
    await copying;
    const [reached] = await onTarget(
      `SELECT copy_progress AS progress FROM hexclave._hexclave_sync_metadata WHERE mapping_name = 'users'`,
    );
    await harness.db.query(
      `UPDATE "ProjectUser" SET "displayName" = 'changed' WHERE ("clientMetadata" ->> 'n')::int % 10 = 1`,
    );
    await addUsers(harness.db, tenancy, 100);
    await harness.syncAgain(tenancy, harness.newEngine());
    await expectEqual();
    expect(reached).toBeDefined();
  });

  test('into a table that somebody writes to meanwhile', async () => {
    await addUsers(harness.db, tenancy, 8_000);
    const [stranger] = await harness.db.query<{ id: string }>(
      'SELECT max("projectUserId"::text) AS id FROM "ProjectUser"',
    );
    const copying = harness.sync(tenancy);
    await waitUntil(
      async () => Number((await onTarget('SELECT count(*)::int AS n FROM hexclave.users'))[0]?.n) >= 1_000,
      {
        describe: 'some of the rows to be copied',
      },
    );
    await onTarget(
      `INSERT INTO hexclave.users VALUES ($1, 'stray', NULL, NULL, false, now(), NULL, NULL, NULL, false) ON CONFLICT DO NOTHING`,
      [stranger?.id],
    );
    await copying;
    await expectEqual();
  });
});
