import { createDatabase } from '@hexclave/db';
import { createEmptyDatabase, testCluster, withDatabase } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createHarness, differences, type Harness, type Target, type TargetOptions } from './harness.ts';
import { addEmail, addTeam, addUser, addUsers, removeUser, rename } from './rows.ts';
import { RESTLESS, type TestVerifier, verifierOf } from './verifying.ts';

let harness: Harness;
let verifier: TestVerifier;
let tenancy: string;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  verifier = verifierOf(harness);
});

afterEach(async () => {
  await verifier.close();
  await harness.close();
  expect(verifier.errors).toEqual([]);
});

/** A target with its copy made. */
async function copied(options: TargetOptions = {}): Promise<Target> {
  const target = await harness.addTarget(tenancy, 'main', options);
  await harness.sync(tenancy);
  return target;
}

const onTarget = (target: Target, sql: string, values?: unknown[]) =>
  target.database.db.query<Record<string, unknown>>(sql, values);
const resultOf = (run: Awaited<ReturnType<TestVerifier['verify']>>, mapping: string) =>
  run.result.find((result) => result.mapping === mapping);

/** Has the target write down which users are written, as its owner's trigger would. */
async function audit(target: Target, table: string): Promise<() => Promise<string[]>> {
  await onTarget(target, 'CREATE TABLE public.audit (id text NOT NULL)');
  await onTarget(
    target,
    `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO public.audit VALUES (COALESCE(NEW.id, OLD.id)); RETURN NULL; END $$`,
  );
  await onTarget(
    target,
    `CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION note()`,
  );
  return async () => (await onTarget(target, 'SELECT id FROM public.audit ORDER BY 1')).map(({ id }) => String(id));
}

describe('a copy that is right', () => {
  test('is found equal, in all mappings', async () => {
    const user = await addUser(harness.db, tenancy, { name: 'ada' });
    await addEmail(harness.db, tenancy, user);
    await addTeam(harness.db, tenancy);
    const target = await copied();
    const run = await verifier.verify(target);
    expect(run).toMatchObject({ state: 'finished', differences: [], errorCode: null, rowsExpected: 3n });
    expect(run.result.map(({ mapping, state, rows }) => [mapping, state, rows])).toEqual([
      ['users', 'verified', 1],
      ['contact_channels', 'verified', 1],
      ['teams', 'verified', 1],
      ['team_member_profiles', 'verified', 0],
    ]);
  });
});

describe('rows tampered with in the target', () => {
  test('changed, deleted and added are found by their keys, and exactly those are healed', async () => {
    const ids = [];
    for (let count = 0; count < 8; count++) ids.push(await addUser(harness.db, tenancy, { name: `user ${count}` }));
    await addUsers(harness.db, tenancy, 2_500);
    const target = await copied();
    await onTarget(target, "UPDATE hexclave.users SET display_name = 'mine' WHERE id = $1", [ids[0]]);
    await onTarget(target, 'UPDATE hexclave.users SET client_metadata = \'{"a": 1.0}\' WHERE id = $1', [ids[1]]);
    await onTarget(target, 'DELETE FROM hexclave.users WHERE id = $1', [ids[2]]);
    const [added] = await onTarget(
      target,
      `INSERT INTO hexclave.users (id, primary_email_verified, signed_up_at, is_anonymous) VALUES (gen_random_uuid(), false, now(), false) RETURNING id`,
    );
    const found = await verifier.verify(target);
    const expected = [
      { mapping: 'users', kind: 'different', key: [ids[0]] },
      { mapping: 'users', kind: 'different', key: [ids[1]] },
      { mapping: 'users', kind: 'missing', key: [ids[2]] },
      { mapping: 'users', kind: 'extra', key: [added?.id] },
    ];
    const byKey = (a: { key: unknown }, b: { key: unknown }) => String(a.key).localeCompare(String(b.key));
    expect([...found.differences].sort(byKey)).toEqual(
      expected.map((one) => ({ ...one, outcome: 'found' })).sort(byKey),
    );
    expect(resultOf(found, 'users')).toMatchObject({ missing: 1, extra: 1, different: 2, repaired: 0, remaining: 4 });

    const written = await audit(target, 'hexclave.users');
    const [before] = await onTarget(
      target,
      `SELECT to_jsonb(m) - 'source_lsn' AS at FROM hexclave._hexclave_sync_metadata m WHERE mapping_name = $1`,
      ['users'],
    );
    const healed = await verifier.verify(target, { repair: true });
    expect(healed.differences.map(({ outcome }) => outcome)).toEqual(Array(4).fill('repaired'));
    expect(await written()).toEqual(expected.map(({ key }) => String(key[0])).sort());
    expect(await differences(harness, target)).toEqual([]);
    expect(
      await onTarget(
        target,
        `SELECT to_jsonb(m) - 'source_lsn' AS at FROM hexclave._hexclave_sync_metadata m WHERE mapping_name = $1`,
        ['users'],
      ),
    ).toEqual([before]);
    expect((await verifier.verify(target)).differences).toEqual([]);
  });
});

describe('choices of the owner are respected', () => {
  test('rows that are deleted softly do not exist, and are deleted, and brought back, softly', async () => {
    const [kept, gone, back] = [
      await addUser(harness.db, tenancy, { name: 'kept' }),
      await addUser(harness.db, tenancy, { name: 'gone' }),
      await addUser(harness.db, tenancy, { name: 'back' }),
    ];
    const target = await copied({ deleteMode: 'soft' });
    await removeUser(harness.db, gone);
    await harness.sync(tenancy);
    expect((await verifier.verify(target)).differences).toEqual([]);
    await onTarget(target, 'UPDATE hexclave.users SET deleted_at = now() WHERE id = $1', [back]);
    await onTarget(target, 'UPDATE hexclave.users SET deleted_at = NULL WHERE id = $1', [gone]);
    const run = await verifier.verify(target, { repair: true });
    expect(resultOf(run, 'users')).toMatchObject({ missing: 1, extra: 1, different: 0, repaired: 2, remaining: 0 });
    const rows = await onTarget(target, 'SELECT id, deleted_at IS NULL AS live FROM hexclave.users');
    expect(Object.fromEntries(rows.map(({ id, live }) => [id, live]))).toEqual({
      [kept]: true,
      [gone]: false,
      [back]: true,
    });
  });

  test('renamed tables, columns that are left out, columns of their own and tables that are not copied', async () => {
    const id = await addUser(harness.db, tenancy, { name: 'ada' });
    await addTeam(harness.db, tenancy);
    const tables = {
      users: { targetName: 'People "here"', omitColumns: ['client_metadata', 'primary_email'] },
      teams: { enabled: false },
    };
    const target = await copied({ schema: 'Our; data', tables });
    const people = '"Our; data"."People ""here"""';
    await onTarget(target, `ALTER TABLE ${people} ADD COLUMN note text`);
    await onTarget(target, `UPDATE ${people} SET note = 'mine'`);
    expect((await verifier.verify(target)).differences).toEqual([]);
    await onTarget(target, `UPDATE ${people} SET is_anonymous = true`);
    const run = await verifier.verify(target, { repair: true });
    expect(run.differences).toEqual([{ mapping: 'users', kind: 'different', key: [id], outcome: 'repaired' }]);
    expect(run.result.map(({ mapping }) => mapping)).not.toContain('teams');
    expect(await onTarget(target, `SELECT note, is_anonymous AS anonymous FROM ${people}`)).toEqual([
      { note: 'mine', anonymous: false },
    ]);
  });

  test('only the table that is asked for is compared', async () => {
    await addTeam(harness.db, tenancy);
    const target = await copied();
    await onTarget(target, 'DELETE FROM hexclave.teams');
    expect((await verifier.verify(target, { mapping: 'users' })).differences).toEqual([]);
    expect((await verifier.verify(target, { mapping: 'teams' })).differences).toHaveLength(1);
  });
});

describe('what is no difference', () => {
  test('rows that the target refuses are told as parked', async () => {
    await addUser(harness.db, tenancy, { name: 'fine' });
    const target = await copied();
    await onTarget(target, "ALTER TABLE hexclave.users ADD CHECK (display_name <> 'bad')");
    const refused = await addUser(harness.db, tenancy, { name: 'fine too' });
    await harness.sync(tenancy);
    await rename(harness.db, refused, 'bad');
    await addUser(harness.db, tenancy, { name: 'bad' });
    await harness.sync(tenancy);
    const run = await verifier.verify(target, { repair: true });
    expect(run.differences).toEqual([]);
    expect(resultOf(run, 'users')).toMatchObject({ state: 'verified', parked: 2, remaining: 0 });
  });

  test('changes that are on their way: not numbered, numbered, deleted, created', async () => {
    const [changed, gone, numbered] = [
      await addUser(harness.db, tenancy),
      await addUser(harness.db, tenancy),
      await addUser(harness.db, tenancy),
    ];
    const target = await copied();
    await rename(harness.db, numbered, 'numbered');
    await harness.db.query('SELECT * FROM "backfill_null_sequence_ids"()');
    await rename(harness.db, changed, 'flagged');
    await removeUser(harness.db, gone);
    await addUser(harness.db, tenancy, { name: 'new' });
    const run = await verifier.verify(target, { repair: true });
    expect(run.differences).toEqual([]);
    expect(resultOf(run, 'users')).toMatchObject({ unsettled: 4, repaired: 0 });
    await harness.sync(tenancy);
    expect(resultOf(await verifier.verify(target), 'users')).toMatchObject({ rows: 3, unsettled: 0 });
  });

  test('a copy that is being made, or has to begin anew', async () => {
    await addUser(harness.db, tenancy);
    const target = await copied();
    await onTarget(target, "UPDATE hexclave._hexclave_sync_metadata SET epoch = NULL WHERE mapping_name = 'users'");
    await onTarget(
      target,
      `UPDATE hexclave._hexclave_sync_metadata SET last_synced_sequence_id = 9999999 WHERE mapping_name = 'teams'`,
    );
    await onTarget(target, 'DELETE FROM hexclave.users');
    const run = await verifier.verify(target, { repair: true });
    expect(run).toMatchObject({ state: 'finished', differences: [] });
    expect(resultOf(run, 'users')).toMatchObject({ state: 'skipped', reason: 'COPY_UNDER_WAY' });
    expect(resultOf(run, 'teams')).toMatchObject({ state: 'skipped', reason: 'COPY_UNDER_WAY' });
    expect(resultOf(run, 'contact_channels')).toMatchObject({ state: 'verified' });
  });

  test('the copy of another project in the same schema: nothing of it is compared, not even where both have no rows', async () => {
    await addUser(harness.db, tenancy);
    const { database } = await copied();
    const other = await harness.addTenancy();
    const target = await harness.addTarget(other, 'main', { database });
    await harness.sync(other);
    expect(harness.failures.splice(0)).toEqual(['main/*: TARGET_OWNED_BY_ANOTHER_PROJECT ']);
    const run = await verifier.verify(target, { repair: true });
    expect(run.differences).toEqual([]);
    expect(run.result.map(({ state }) => state)).toEqual(['skipped', 'skipped', 'skipped', 'skipped']);
    expect(await onTarget(target, 'SELECT id FROM hexclave.users')).toHaveLength(1);
  });

  test('the way in which servers write dates, numbers and JSON, and sort', async () => {
    const database = await createEmptyDatabase();
    for (const setting of [
      "datestyle = 'SQL, DMY'",
      "timezone = 'Asia/Kathmandu'",
      'extra_float_digits = -5',
      "intervalstyle = 'postgres_verbose'",
    ]) {
      await database.db.query(`ALTER DATABASE "${database.name}" SET ${setting}`);
      await harness.db.query(`ALTER DATABASE "${harness.internal.name}" SET ${setting.replace('Kathmandu', 'Tokyo')}`);
    }
    await addUsers(harness.db, tenancy, 300);
    const target = await copied({ database });
    expect((await verifier.verify(target)).differences).toEqual([]);
    expect(verifier.load.exchanges).toBe(0);
  });

  test.each(['LATIN1', 'SQL_ASCII'])('the encoding of the target: %s', async (encoding) => {
    const name = `test_verify_${encoding.toLowerCase()}_${harness.internal.name}`;
    await harness.db.query(
      `CREATE DATABASE "${name}" TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    const connectionString = withDatabase(testCluster().connectionString, name);
    const db = createDatabase({ connectionString, max: 2 });
    try {
      await addUser(harness.db, tenancy, { name: 'Zoë \\ \' "' });
      // Its keys sort by their bytes, which are fewer in LATIN1.
      await harness.db.query(`UPDATE "ProjectUser" SET "clientMetadata" = '{"é": 1, "zz": 2, "a": 3}'`);
      const target = await copied({ database: { name, connectionString, db, drop: async () => undefined } });
      expect((await verifier.verify(target, { repair: true })).differences).toEqual([]);
      await onTarget(target, "UPDATE hexclave.users SET display_name = 'Zoe'");
      expect(resultOf(await verifier.verify(target, { repair: true }), 'users')).toMatchObject({
        different: 1,
        repaired: 1,
      });
    } finally {
      await verifier.close();
      await harness.close();
      await db.end();
      const admin = createDatabase({ connectionString: testCluster().connectionString, max: 1 });
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      await admin.end();
    }
  });
});

describe('what cannot be repaired', () => {
  test('a row that the target refuses is parked', async () => {
    const id = await addUser(harness.db, tenancy, { name: 'bad' });
    const target = await copied();
    await onTarget(target, 'DELETE FROM hexclave.users');
    await onTarget(target, "ALTER TABLE hexclave.users ADD CHECK (display_name <> 'bad')");
    const run = await verifier.verify(target, { repair: true });
    expect(run.differences).toEqual([{ mapping: 'users', kind: 'missing', key: [id], outcome: 'parked' }]);
    expect(resultOf(run, 'users')).toMatchObject({ parked: 1, repaired: 0, remaining: 0 });
    const waiting = `SELECT "externalDatabaseId" AS id FROM "OutgoingRequest" WHERE "notBefore" > now() + interval '30 seconds'`;
    expect(await harness.db.query(waiting)).toEqual([{ id: 'main' }]);
  });

  test('a row that a trigger of the owner changes again persists, and is shown with what to do', async () => {
    const id = await addUser(harness.db, tenancy, { name: 'ada' });
    const target = await copied();
    await onTarget(
      target,
      `CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.display_name := upper(NEW.display_name); RETURN NEW; END $$`,
    );
    await onTarget(
      target,
      'CREATE TRIGGER shout BEFORE INSERT OR UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION shout()',
    );
    await rename(harness.db, id, 'eva');
    await harness.sync(tenancy);
    const run = await verifier.verify(target, { repair: true });
    expect(run.differences).toEqual([{ mapping: 'users', kind: 'different', key: [id], outcome: 'persists' }]);
    expect(await shown('users')).toMatchObject({ code: 'TARGET_ROWS_DIFFER', differing: 1n, through: null });
    await onTarget(target, 'DROP TRIGGER shout ON hexclave.users');
    await verifier.verify(target, { repair: true });
    expect(await shown('users')).toMatchObject({ code: 'TARGET_ROWS_REPAIRED', differing: 0n, repaired: 1n });
    await verifier.verify(target);
    expect(await shown('users')).toMatchObject({ code: null, since: null });
  });

  test('a target that is away ends the run with its code; a table that was dropped only that table', async () => {
    const target = await copied();
    await onTarget(target, 'DROP TABLE hexclave.users');
    const dropped = await verifier.verify(target);
    expect(dropped.state).toBe('finished');
    expect(resultOf(dropped, 'users')).toMatchObject({ state: 'skipped', reason: 'TARGET_TABLE_MISSING' });
    expect(resultOf(dropped, 'teams')).toMatchObject({ state: 'verified' });
    await harness.db.query(`UPDATE "ExternalDatabase" SET "connectionCiphertext" = $1`, [
      Buffer.from(
        JSON.stringify({
          host: '127.0.0.1',
          port: 1,
          user: 'x',
          password: 'x',
          database: 'x',
          tls: { mode: 'disable' },
        }),
      ),
    ]);
    expect(await verifier.verify(target)).toMatchObject({ state: 'failed', errorCode: 'TARGET_UNREACHABLE' });
  });
});

async function shown(mapping: string) {
  const [row] = await harness.db.query<Record<string, unknown>>(
    `SELECT "verificationErrorCode" AS code, "verificationErrorRemedy" AS remedy, "differingRows" AS differing, "repairedRows" AS repaired,
       "differingSince" AS since, "verifiedThrough" AS through FROM "ExternalDatabaseMappingState" WHERE "tenancyId" = $1 AND "mapping" = $2`,
    [tenancy, mapping],
  );
  return row;
}

describe('the verification that goes on by itself', () => {
  test('takes turns between databases, says through when, heals, and shows what it found until a pass finds nothing', async () => {
    await addUsers(harness.db, tenancy, 10);
    const targets = [await harness.addTarget(tenancy, 'one'), await harness.addTarget(tenancy, 'two')];
    await harness.sync(tenancy);
    const [before] = await harness.db.query<{ now: Date }>('SELECT now() AS now');
    const restless = verifierOf(harness, { pace: { ...RESTLESS, passMs: 300_000 } });
    const signal = new AbortController().signal;
    try {
      expect([await restless.lookAround(60_000, signal), await restless.lookAround(60_000, signal)]).toEqual([
        true,
        true,
      ]);
      expect(await restless.lookAround(60_000, signal)).toBe(false);
      const through = await harness.db.query<{ through: Date }>(
        'SELECT "verifiedThrough" AS through FROM "ExternalDatabaseState"',
      );
      expect(through.map((row) => row.through >= (before?.now ?? 0))).toEqual([true, true]);
      expect(await shown('users')).toMatchObject({ code: null, differing: 0n });

      await onTarget(targets[0] as Target, 'DELETE FROM hexclave.users');
      await harness.db.query('UPDATE "ExternalDatabaseVerification" SET "nextTurnAt" = now()');
      await restless.lookAround(60_000, signal);
      await restless.lookAround(60_000, signal);
      for (const target of targets) expect(await differences(harness, target)).toEqual([]);
      const [found] = await harness.db.query(
        `SELECT "verificationErrorCode" AS code, "repairedRows" AS repaired FROM "ExternalDatabaseMappingState" WHERE "externalDatabaseId" = 'one' AND "mapping" = 'users'`,
      );
      expect(found).toEqual({ code: 'TARGET_ROWS_REPAIRED', repaired: 10n });
    } finally {
      await restless.close();
    }
  });

  test('does not take back what a pass found before it has looked at those rows itself', async () => {
    await addUsers(harness.db, tenancy, 1_100);
    const target = await copied();
    const tamper = (order: string) =>
      onTarget(
        target,
        `UPDATE hexclave.users SET display_name = 'theirs' WHERE id = (SELECT id FROM hexclave.users ORDER BY id ${order} LIMIT 1)`,
      );
    await tamper('ASC');
    await tamper('DESC');
    await verifier.verify(target);
    expect(await shown('users')).toMatchObject({ code: 'TARGET_ROWS_DIFFER', differing: 2n, repaired: 0n });

    const restless = verifierOf(harness, { pace: { ...RESTLESS, passMs: 300_000 } });
    onTestFinished(() => restless.close());
    const signal = new AbortController().signal;
    await restless.lookAround(1, signal);
    expect(await shown('users')).toMatchObject({ code: 'TARGET_ROWS_DIFFER', differing: 2n, repaired: 1n });
    while (await restless.lookAround(60_000, signal));
    expect(await shown('users')).toMatchObject({ code: 'TARGET_ROWS_REPAIRED', differing: 0n, repaired: 2n });
  });

  test('nor where it cannot say anything of them, since the target stands still', async () => {
    const user = await addUser(harness.db, tenancy, { name: 'ada' });
    const target = await copied();
    await onTarget(target, `UPDATE hexclave.users SET display_name = 'theirs'`);
    await verifier.verify(target);
    await rename(harness.db, user, 'eva');
    const run = await verifier.verify(target);
    expect(resultOf(run, 'users')).toMatchObject({ state: 'verified', unsettled: 1, standsStill: true });
    expect(await shown('users')).toMatchObject({ code: 'TARGET_ROWS_DIFFER', differing: 1n });
  });

  test('leaves alone what is paused, failing, verified by somebody right now, or switched off', async () => {
    const target = await copied();
    const restless = verifierOf(harness, { pace: RESTLESS });
    const signal = new AbortController().signal;
    const nobodys = async (sql: string, undo: string) => {
      await harness.db.query(sql);
      expect(await restless.lookAround(10, signal), sql).toBe(false);
      await harness.db.query(undo);
    };
    await nobodys('UPDATE "ExternalDatabase" SET "paused" = true', 'UPDATE "ExternalDatabase" SET "paused" = false');
    await nobodys(
      `UPDATE "ExternalDatabaseState" SET "errorCode" = 'TARGET_ERROR'`,
      'UPDATE "ExternalDatabaseState" SET "errorCode" = NULL',
    );
    await nobodys(
      'UPDATE "ExternalDbSyncMetadata" SET "syncEngineEnabled" = false',
      'UPDATE "ExternalDbSyncMetadata" SET "syncEngineEnabled" = true',
    );
    await nobodys(
      `INSERT INTO "VerificationRun" ("tenancyId", "externalDatabaseId", "repair") VALUES ('${target.tenancyId}', 'main', false)`,
      'DELETE FROM "VerificationRun"',
    );
    expect(await restless.lookAround(10_000, signal)).toBe(true);
    await restless.close();
  });
});
