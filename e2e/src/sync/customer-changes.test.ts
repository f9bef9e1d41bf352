import { waitUntil } from '@hexclave/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { converged, createHarness, differences, type Harness, stateOf, type Target } from './harness.ts';
import { addEmail, addTeam, addUser, addUsers, removeUser, rename } from './rows.ts';

let harness: Harness;
let tenancy: string;
let target: Target;
let user: string;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
  user = await addUser(harness.db, tenancy, { name: 'v0' });
  await addTeam(harness.db, tenancy);
  await harness.sync(tenancy);
});

afterEach(() => harness.close());

const onTarget = (sql: string, values?: unknown[]) => target.database.db.query<Record<string, unknown>>(sql, values);
const stateOfUsers = async () => (await stateOf(harness, target)).mappings.users;
const expectEqual = async () => expect(await differences(harness, target)).toEqual([]);

/** Lets every parked row be due. */
async function retryParked(): Promise<void> {
  await onTarget('UPDATE hexclave._hexclave_parked_rows SET next_attempt_at = now()');
  await harness.syncAgain(tenancy);
}

test('a nullable column of their own, and one with a default, are welcome', async () => {
  await onTarget(`ALTER TABLE hexclave.users ADD COLUMN mine text, ADD COLUMN counted int NOT NULL DEFAULT 7`);
  await rename(harness.db, user, 'v1');
  await addUser(harness.db, tenancy);
  await harness.sync(tenancy);
  await harness.sync(tenancy, harness.newEngine());
  await expectEqual();
  expect(harness.failures).toEqual([]);
});

describe('a change that stands in the way is named, the other mappings go on, and undoing it heals', () => {
  const changes = [
    ['a dropped column', 'DROP COLUMN display_name', 'column display_name'],
    ['another type', 'ALTER COLUMN is_anonymous TYPE int USING 0', 'column is_anonymous'],
    ['a column that must be filled', 'ADD COLUMN mine text NOT NULL', 'column mine'],
    ['a dropped primary key', 'DROP CONSTRAINT users_pkey', 'primary key'],
  ] as const;
  /** Batches can still be applied: it shows when somebody looks. */
  const quietChanges = [
    ['a shorter type', 'ALTER COLUMN display_name TYPE varchar(50)', 'column display_name'],
    ['a type without a zone', 'ALTER COLUMN signed_up_at TYPE timestamp', 'column signed_up_at'],
  ] as const;

  const remedyOf = async () => (await stateOfUsers())?.errorRemedy ?? '';
  /** As it is shown, and pasted. */
  const runRemedy = async () => onTarget(/^Run: (ALTER TABLE .*;)$/.exec(await remedyOf())?.[1] ?? 'no SQL');

  test.each(changes)('%s, at the first attempt, while an engine holds its connection', async (_, change, named) => {
    if (named === 'column mine') await emptyTarget();
    await onTarget(`ALTER TABLE hexclave.users ${change}`);
    await rename(harness.db, user, 'v1');
    await addTeam(harness.db, tenancy);
    await harness.sync(tenancy);
    const { errorCode, errorMessage } = (await stateOfUsers()) ?? {};
    expect([errorCode, errorMessage]).toEqual(['TARGET_DRIFT', expect.stringContaining(named)]);
    await harness.syncAgain(tenancy);
    expect((await stateOfUsers())?.errorMessage).toBe(errorMessage);
    expect((await stateOf(harness, target)).mappings.teams?.errorCode).toBeNull();
    expect(await onTarget('SELECT count(*)::int AS n FROM hexclave.teams')).toEqual([{ n: 2 }]);
    expect(await onTarget('SELECT 1 FROM hexclave._hexclave_parked_rows')).toEqual([]);
    await runRemedy();
    await harness.syncAgain(tenancy);
    await expectEqual();
    expect((await stateOfUsers())?.errorCode).toBeNull();
  });

  test('a column that was taken away is filled once it is there again, in every row and by whoever comes first', async () => {
    const [engine, other] = [harness.newEngine(), harness.newEngine()];
    await addUser(harness.db, tenancy, { name: 'does not change any more' });
    await harness.sync(tenancy, other);
    await onTarget('ALTER TABLE hexclave.users DROP COLUMN display_name');
    await rename(harness.db, user, 'v1');
    await harness.sync(tenancy, engine);
    await runRemedy();
    await harness.syncAgain(tenancy, other);
    await expectEqual();
    expect((await stateOfUsers())?.errorCode).toBeNull();
  });

  test.each([...changes, ...quietChanges])('%s, found by a new engine', async (_, change, named) => {
    if (named === 'column mine') await emptyTarget();
    await onTarget(`ALTER TABLE hexclave.users ${change}`);
    const engine = harness.newEngine();
    await harness.sync(tenancy, engine);
    expect((await stateOfUsers())?.errorMessage).toContain(named);
    await runRemedy();
    await harness.syncAgain(tenancy, engine);
    await expectEqual();
  });

  async function emptyTarget(): Promise<void> {
    await removeUser(harness.db, user);
    await harness.sync(tenancy);
    await addUser(harness.db, tenancy, { id: user });
  }
});

describe('a trigger of theirs whose error looks like one of ours', () => {
  const guard = (body: string) =>
    onTarget(`CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NEW; END $$;
      CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION guard()`);

  test('because it names a table that is gone: the function is named, and switching it off heals', async () => {
    await guard('PERFORM 1 FROM nowhere;');
    await rename(harness.db, user, 'v1');
    await harness.sync(tenancy);
    const failed = await stateOfUsers();
    expect(failed).toMatchObject({ errorCode: 'TARGET_TRIGGER_FAILED', errorSqlState: '42P01', parkedRows: 0 });
    expect(failed?.errorMessage).toContain('guard()');
    await onTarget(/ALTER TABLE .*;/.exec(failed?.errorRemedy ?? '')?.[0] ?? 'no SQL');
    await harness.syncAgain(tenancy);
    await expectEqual();
  });

  test('because it raises one: that row alone is parked', async () => {
    await guard(`IF NEW.display_name = 'bad' THEN RAISE undefined_table; END IF;`);
    await rename(harness.db, user, 'bad');
    await addUser(harness.db, tenancy, { name: 'good' });
    await harness.sync(tenancy);
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 1, errorCode: null });
    expect(await onTarget('SELECT 1 FROM hexclave.users')).toHaveLength(2);
  });
});

test('a dropped table is created and filled again', async () => {
  await onTarget('DROP TABLE hexclave.users');
  await rename(harness.db, user, 'v1');
  await harness.sync(tenancy);
  await harness.syncAgain(tenancy);
  await expectEqual();
});

test('a dropped schema too, and it heals by itself', async () => {
  harness.start();
  await onTarget('DROP SCHEMA hexclave CASCADE');
  await rename(harness.db, user, 'v1');
  await addTeam(harness.db, tenancy);
  await converged(harness, target);
});

describe('rows that the target refuses are parked, alone, and counted', () => {
  const email = (value: string) => ({ value });

  test('by UNIQUE, until the constraint is dropped', async () => {
    await onTarget('ALTER TABLE hexclave.users ADD CONSTRAINT one_name UNIQUE (display_name)');
    const refused = await addUser(harness.db, tenancy, { name: 'v0' });
    await addUser(harness.db, tenancy, { name: 'v1' });
    await harness.sync(tenancy);
    expect(await onTarget('SELECT display_name AS name FROM hexclave.users ORDER BY 1')).toEqual([
      { name: 'v0' },
      { name: 'v1' },
    ]);
    expect(
      await onTarget('SELECT key, error_code, error_sqlstate, error_message FROM hexclave._hexclave_parked_rows'),
    ).toEqual([
      {
        key: [refused],
        error_code: 'TARGET_ROW_REFUSED',
        error_sqlstate: '23505',
        error_message: expect.stringContaining('constraint one_name'),
      },
    ]);
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 1, errorCode: null });
    await retryParked();
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 1 });
    await onTarget('ALTER TABLE hexclave.users DROP CONSTRAINT one_name');
    await retryParked();
    await expectEqual();
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 0 });
  });

  test('by CHECK, until the row changes', async () => {
    await onTarget(`ALTER TABLE hexclave.users ADD CHECK (display_name <> 'bad')`);
    await rename(harness.db, user, 'bad');
    await harness.sync(tenancy);
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 1 });
    expect(await onTarget('SELECT display_name AS name FROM hexclave.users')).toEqual([{ name: 'v0' }]);
    await rename(harness.db, user, 'good');
    await harness.sync(tenancy);
    await expectEqual();
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 0 });
  });

  test('and are asked for again when nothing else happens, also when their time has not come at the first try', async () => {
    await onTarget(`ALTER TABLE hexclave.users ADD CHECK (display_name <> 'bad')`);
    await rename(harness.db, user, 'bad');
    await harness.sync(tenancy);
    const waiting = () => harness.db.query(`SELECT 1 FROM "OutgoingRequest" WHERE "externalDatabaseId" = 'main'`);
    expect(await waiting()).toHaveLength(1);
    await harness.db.query('DELETE FROM "OutgoingRequest"');
    await harness.sync(tenancy);
    expect(await waiting()).toHaveLength(1);
  });

  test('and are found by the engine that tries them again, even if another one has parked them', async () => {
    const [parking, other] = [harness.newEngine(), harness.newEngine()];
    await harness.sync(tenancy, other);
    await onTarget(`ALTER TABLE hexclave.users ADD CONSTRAINT good CHECK (display_name <> 'bad')`);
    await rename(harness.db, user, 'bad');
    await harness.sync(tenancy, parking);
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 1 });
    const retry = () => other.sync({ tenancyId: tenancy, externalDatabaseId: 'main', maxDurationMs: 20_000 });
    await harness.db.query('DELETE FROM "OutgoingRequest"');
    await retry();
    const waiting = await harness.db.query(`SELECT 1 FROM "OutgoingRequest" WHERE "externalDatabaseId" = 'main'`);
    expect(waiting).toHaveLength(1);
    await onTarget('ALTER TABLE hexclave.users DROP CONSTRAINT good');
    await onTarget('UPDATE hexclave._hexclave_parked_rows SET next_attempt_at = now()');
    await retry();
    await expectEqual();
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 0 });
  });

  test('and what another try has applied meanwhile is left alone: it may have read newer values', async () => {
    await onTarget(`ALTER TABLE hexclave.users ADD CONSTRAINT good CHECK (display_name <> 'bad')`);
    await rename(harness.db, user, 'bad');
    await harness.sync(tenancy);
    await onTarget('ALTER TABLE hexclave.users DROP CONSTRAINT good');
    await onTarget('UPDATE hexclave._hexclave_parked_rows SET next_attempt_at = now()');
    const other = new pg.Client({ connectionString: target.database.connectionString });
    await other.connect();
    onTestFinished(() => other.end());
    await other.query('BEGIN; SELECT 1 FROM hexclave._hexclave_sync_metadata FOR UPDATE');
    const trying = harness.syncAgain(tenancy);
    const blocked = () =>
      onTarget(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`);
    await waitUntil(async () => (await blocked()).length > 0, { describe: 'the try to wait for the position' });
    await other.query(
      `UPDATE hexclave.users SET display_name = 'newer'; DELETE FROM hexclave._hexclave_parked_rows; COMMIT`,
    );
    await trying;
    expect(await onTarget('SELECT display_name AS name FROM hexclave.users')).toEqual([{ name: 'newer' }]);
  });

  test('by a trigger that raises, with whatever SQLSTATE', async () => {
    await onTarget(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.display_name LIKE 'bad%' THEN RAISE EXCEPTION 'secret %', NEW.display_name USING ERRCODE = '45000'; END IF; RETURN NEW; END $$`);
    await onTarget(
      'CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    await addUser(harness.db, tenancy, { name: 'bad one' });
    await addUser(harness.db, tenancy, { name: 'good one' });
    await harness.sync(tenancy);
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 1, errorCode: null });
    expect(JSON.stringify(await onTarget('SELECT * FROM hexclave._hexclave_parked_rows'))).not.toContain('secret');
    await onTarget('DROP TRIGGER refuse ON hexclave.users');
    await retryParked();
    await expectEqual();
  });

  test('by a foreign key to a table of theirs', async () => {
    await onTarget('CREATE TABLE plan (user_id uuid PRIMARY KEY)');
    await onTarget('INSERT INTO plan VALUES ($1)', [user]);
    await onTarget('ALTER TABLE hexclave.users ADD FOREIGN KEY (id) REFERENCES plan (user_id)');
    const unknown = await addUser(harness.db, tenancy, { name: 'unknown' });
    await rename(harness.db, user, 'v1');
    await harness.sync(tenancy);
    expect(await onTarget('SELECT display_name AS name FROM hexclave.users')).toEqual([{ name: 'v1' }]);
    await onTarget('INSERT INTO plan VALUES ($1)', [unknown]);
    await retryParked();
    await expectEqual();
  });

  test('a delete that a foreign key of theirs forbids, until their row is gone', async () => {
    const other = await addUser(harness.db, tenancy, { name: 'other' });
    await harness.sync(tenancy);
    await onTarget('CREATE TABLE "order" (user_id uuid REFERENCES hexclave.users (id))');
    await onTarget('INSERT INTO "order" VALUES ($1)', [user]);
    await removeUser(harness.db, user);
    await removeUser(harness.db, other);
    await addUser(harness.db, tenancy, { name: 'new' });
    await harness.sync(tenancy);
    expect(await onTarget('SELECT display_name AS name FROM hexclave.users ORDER BY 1')).toEqual([
      { name: 'new' },
      { name: 'v0' },
    ]);
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 1, errorCode: null });
    await onTarget('DELETE FROM "order"');
    await retryParked();
    await expectEqual();
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 0 });
  });

  test('in bulk: of 3,000 rows only the three bad ones', async () => {
    await onTarget(`ALTER TABLE hexclave.users ADD CHECK (display_name NOT IN ('user 7', 'user 1500', 'user 2999'))`);
    await addUsers(harness.db, tenancy, 3_000);
    await harness.sync(tenancy);
    expect(await onTarget('SELECT count(*)::int AS n FROM hexclave.users')).toEqual([{ n: 2_998 }]);
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 3, errorCode: null });
    await onTarget('ALTER TABLE hexclave.users DROP CONSTRAINT users_display_name_check');
    await retryParked();
    await expectEqual();
  });

  test('by a deferred constraint, which speaks only at COMMIT', async () => {
    await onTarget(
      'ALTER TABLE hexclave.users ADD CONSTRAINT late UNIQUE (display_name) DEFERRABLE INITIALLY DEFERRED',
    );
    await addUser(harness.db, tenancy, { name: 'v0' });
    await addUser(harness.db, tenancy, { name: 'v1' });
    await harness.sync(tenancy);
    expect(await stateOfUsers()).toMatchObject({ parkedRows: 1, errorCode: null });
    expect(await onTarget('SELECT count(*)::int AS n FROM hexclave.users')).toEqual([{ n: 2 }]);
  });

  test('two users who swap a value under UNIQUE meet again after the next try', async () => {
    await addEmail(harness.db, tenancy, user, email('a@example.com'));
    const other = await addUser(harness.db, tenancy);
    await addEmail(harness.db, tenancy, other, email('b@example.com'));
    await harness.sync(tenancy);
    await onTarget('ALTER TABLE hexclave.users ADD CONSTRAINT one_email UNIQUE (primary_email) DEFERRABLE');
    await harness.db.query(
      `UPDATE "ContactChannel" SET "value" = CASE "value" WHEN 'a@example.com' THEN 'b@example.com' ELSE 'a@example.com' END`,
    );
    await harness.sync(tenancy);
    await expectEqual();
  });
});

describe('a lock of theirs on the table', () => {
  test('is waited for less than five seconds, and nothing else is held up', async () => {
    const other = await harness.addTarget(tenancy, 'other');
    await harness.sync(tenancy);
    const client = await session();
    await client.query('BEGIN');
    await client.query('LOCK TABLE hexclave.users IN ACCESS EXCLUSIVE MODE');
    harness.start();
    const started = performance.now();
    await rename(harness.db, user, 'v1');
    await addTeam(harness.db, tenancy);
    await converged(harness, other, 2_000);
    await waitUntil(async () => (await stateOfUsers())?.errorCode === 'TARGET_LOCKED', {
      describe: 'the lock to be noticed',
    });
    expect(performance.now() - started).toBeLessThan(6_000);
    expect((await differences(harness, other)).length).toBe(0);
    await waitUntil(async () => (await onTarget('SELECT 1 FROM hexclave.teams')).length === 2, {
      describe: 'the teams to go on',
    });
    await client.query('ROLLBACK');
    await converged(harness, target);
  });

  test('or on our own table', async () => {
    const client = await session();
    await client.query('BEGIN');
    await client.query('LOCK TABLE hexclave._hexclave_sync_metadata IN ACCESS EXCLUSIVE MODE');
    const started = performance.now();
    await harness.sync(tenancy, harness.newEngine());
    expect(performance.now() - started).toBeLessThan(6_000);
    expect(harness.failures.join()).toContain('TARGET_LOCKED');
    await client.query('ROLLBACK');
    await harness.syncAgain(tenancy);
    await expectEqual();
  });

  async function session(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: target.database.connectionString });
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  }
});

test('a table of theirs in the place of ours is never adopted, not even one of the same shape', async () => {
  await onTarget('CREATE TABLE hexclave.mine (LIKE hexclave.users INCLUDING ALL EXCLUDING COMMENTS)');
  await onTarget('DROP TABLE hexclave.users');
  await onTarget('ALTER TABLE hexclave.mine RENAME TO users');
  await rename(harness.db, user, 'v1');
  const engine = harness.newEngine();
  await harness.sync(tenancy, engine);
  expect((await stateOfUsers())?.errorCode).toBe('TARGET_TABLE_EXISTS');
  expect(await onTarget('SELECT 1 FROM hexclave.users')).toEqual([]);
  await onTarget('ALTER TABLE hexclave.users RENAME TO mine');
  await harness.syncAgain(tenancy, engine);
  await expectEqual();
});

test('a table that was there before us is left alone, and the other mappings work', async () => {
  const fresh = await harness.addTarget(tenancy, 'fresh');
  await fresh.database.db.query('CREATE SCHEMA hexclave');
  await fresh.database.db.query('CREATE TABLE hexclave.users (id uuid PRIMARY KEY, note text)');
  await fresh.database.db.query('INSERT INTO hexclave.users VALUES ($1, $2)', [user, 'mine']);
  await harness.sync(tenancy);
  const { mappings } = await stateOf(harness, fresh);
  expect(mappings.users?.errorCode).toBe('TARGET_TABLE_EXISTS');
  expect(mappings.teams?.errorCode).toBeNull();
  expect(await fresh.database.db.query('TABLE hexclave.users')).toEqual([{ id: user, note: 'mine' }]);
});
