import { type FaultProxy, startFaultProxy, waitUntil } from '@hexclave/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  connectionOf,
  converged,
  createHarness,
  differences,
  type Harness,
  reconfigure,
  stateOf,
  type Target,
} from './harness.ts';
import { addTeam, addUser, addUsers, rename } from './rows.ts';

let harness: Harness;
let tenancy: string;
let target: Target;
let proxy: FaultProxy;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  proxy = await startFaultProxy(connectionOf(harness.internal.connectionString).port);
  target = await harness.addTarget(tenancy, 'main', { connection: { port: proxy.port } });
});

afterEach(async () => {
  await harness.close();
  await proxy.close();
});

/** Makes a role for the customer's side and lets the target be reached as it. */
async function asRole(password: string): Promise<string> {
  const role = `role_${target.database.name}`;
  const { db } = target.database;
  await db.query(`CREATE ROLE "${role}" LOGIN PASSWORD '${password}'`);
  await db.query(`GRANT CREATE ON DATABASE "${target.database.name}" TO "${role}"`);
  // After the harness is closed, and before the database is dropped.
  cleanups.push(async () => {
    await db.query(`DROP OWNED BY "${role}" CASCADE`);
    await db.query(`DROP ROLE "${role}"`);
  });
  target = await reconfigure(harness, target, { connection: { user: role, password, port: proxy.port } });
  return role;
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function expectEqual(): Promise<void> {
  expect(await differences(harness, target)).toEqual([]);
}

describe('the link breaks', () => {
  test.each(['cut-before', 'drop-reply'] as const)('around the COMMIT of a page: %s', async (fault) => {
    const id = await addUser(harness.db, tenancy, { name: 'v0' });
    await harness.sync(tenancy);
    await rename(harness.db, id, 'v1');
    const struck = proxy.strike('COMMIT', fault);
    await harness.sync(tenancy);
    await struck;
    expect((await stateOf(harness, target)).database?.errorCode).toBe('TARGET_UNREACHABLE');
    const [copy] = await target.database.db.query<{ name: string }>('SELECT display_name AS name FROM hexclave.users');
    expect(copy?.name).toBe(fault === 'drop-reply' ? 'v1' : 'v0');
    await harness.syncAgain(tenancy);
    await expectEqual();
    expect((await stateOf(harness, target)).database).toMatchObject({
      errorCode: null,
      attempts: 0,
      failingSince: null,
    });
  });

  test.each(['cut-before', 'drop-reply'] as const)(
    'around the COMMIT of a batch of the first copy: %s',
    async (fault) => {
      await addUsers(harness.db, tenancy, 5_000);
      const struck = proxy.strike('the position has moved', fault);
      await harness.sync(tenancy);
      await struck;
      await harness.syncAgain(tenancy);
      await expectEqual();
    },
  );

  test('in the middle of COPY', async () => {
    await addUsers(harness.db, tenancy, 20_000);
    const struck = proxy.strike('user 9000', 'cut-before');
    await harness.sync(tenancy);
    await struck;
    expect((await stateOf(harness, target)).database?.errorCode).toBe('TARGET_UNREACHABLE');
    await harness.syncAgain(tenancy);
    await expectEqual();
  });

  test.each([
    ['in the middle of COPY', 20_000],
    ['before a page', 100],
  ])('silently, %s: given up after a bounded wait, and healed', async (_, users) => {
    const linkTimeoutMs = 3_000;
    const engine = harness.newEngine(harness.catalog, linkTimeoutMs);
    await harness.sync(tenancy, engine);
    await addUsers(harness.db, tenancy, users);
    const hole = proxy.strike(users > 250 ? 'user 9000' : 'the position has moved', 'swallow');
    const started = performance.now();
    await harness.sync(tenancy, engine);
    await hole;
    // Once: what comes after the statement that is lost does not wait as well.
    expect(performance.now() - started).toBeLessThan(2 * linkTimeoutMs);
    expect((await stateOf(harness, target)).database?.errorCode).toBe('TARGET_UNREACHABLE');
    proxy.blackhole(false);
    proxy.cut();
    await harness.syncAgain(tenancy, engine);
    await expectEqual();
  });

  test('again and again, with a pipeline that is left to itself', async () => {
    harness.start();
    for (let round = 0; round < 8; round++) {
      await addUsers(harness.db, tenancy, 400);
      await addTeam(harness.db, tenancy);
      await new Promise((resolve) => setTimeout(resolve, 60));
      proxy.cut();
    }
    await converged(harness, target);
  });

  test('by pg_terminate_backend, idle and at work', async () => {
    harness.start();
    await addUsers(harness.db, tenancy, 2_000);
    for (let round = 0; round < 10; round++) {
      await addUser(harness.db, tenancy);
      await terminateEngines();
    }
    await converged(harness, target);
  });

  describe('of one of the two sessions that bulk work opens', () => {
    const sessions = () =>
      target.database.db.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hexclave' ORDER BY backend_start",
      );
    const openedBoth = async () => {
      await addUsers(harness.db, tenancy, 5_000);
      await harness.sync(tenancy);
      const opened = await sessions();
      expect(opened).toHaveLength(2);
      return opened;
    };
    const terminate = async (pid: number | undefined) => {
      await target.database.db.query('SELECT pg_terminate_backend($1)', [pid]);
      const isGone = async () => !(await sessions()).some((session) => session.pid === pid);
      await waitUntil(isGone, { describe: 'the session to end' });
    };

    test('the first: the other one is not left behind', async () => {
      const [first] = await openedBoth();
      await terminate(first?.pid);
      await waitUntil(async () => (await sessions()).length === 0, { describe: 'the other session to be closed' });
    });

    test('the first, while the second is being opened: that one is not left behind either', async () => {
      await harness.sync(tenancy);
      const [first] = await sessions();
      await addUsers(harness.db, tenancy, 5_000);
      const opening = proxy.strike('application_name', 'hold');
      const syncing = harness.sync(tenancy);
      await opening;
      await terminate(first?.pid);
      proxy.calm();
      await syncing;
      await waitUntil(async () => (await sessions()).length === 0, { describe: 'the second session to be closed' });
      await harness.syncAgain(tenancy);
      await expectEqual();
    });

    test('the second: another one takes its place, and nothing fails', async () => {
      const [, second] = await openedBoth();
      await terminate(second?.pid);
      // More than one batch has, however large batches have become.
      await addUsers(harness.db, tenancy, 25_000);
      await harness.sync(tenancy);
      expect(harness.failures).toEqual([]);
      await expectEqual();
      expect(await sessions()).toHaveLength(2);
    });
  });

  async function terminateEngines(): Promise<void> {
    await target.database.db.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hexclave'",
    );
  }
});

test('a link of 100 ms: batches are few, and it converges', async () => {
  proxy.delay(50);
  await addUsers(harness.db, tenancy, 2_000);
  const started = performance.now();
  await harness.sync(tenancy);
  expect(performance.now() - started).toBeLessThan(8_000);
  await expectEqual();
});

test('down for a while, then back with no new write: it heals by itself, and others never notice', async () => {
  const healthy = await harness.addTarget(tenancy, 'healthy');
  await proxy.close();
  harness.start();
  const id = await addUser(harness.db, tenancy, { name: 'while one is down' });
  await converged(harness, healthy);
  await waitUntil(async () => (await stateOf(harness, target)).database?.errorCode === 'TARGET_UNREACHABLE', {
    describe: 'the failure to be shown',
  });
  await rename(harness.db, id, 'still down');
  await converged(harness, healthy, 3_000);
  const { port } = connectionOf(harness.internal.connectionString);
  await reachAgainWithoutSaving(port);
  await converged(harness, target, 15_000);
  await waitUntil(async () => (await stateOf(harness, target)).database?.errorCode === null, {
    describe: 'the failure to be forgotten',
  });

  /** As if the server itself had come back: nothing tells the pipeline. */
  async function reachAgainWithoutSaving(to: number): Promise<void> {
    await harness.db.query('UPDATE "ExternalDatabase" SET "connectionCiphertext" = $1 WHERE "id" = $2', [
      Buffer.from(JSON.stringify({ ...connectionOf(target.database.connectionString), port: to })),
      'main',
    ]);
  }
});

test('two failures with back-offs of their own: each gets its next attempt, whichever request comes first', async () => {
  const { db } = target.database;
  await addUser(harness.db, tenancy);
  await addTeam(harness.db, tenancy);
  await harness.sync(tenancy);
  await db.query('ALTER TABLE hexclave.users RENAME COLUMN display_name TO taken');
  await db.query('ALTER TABLE hexclave.teams RENAME COLUMN display_name TO taken');
  harness.start();
  await addUser(harness.db, tenancy);
  await addTeam(harness.db, tenancy);
  await waitUntil(
    async () => {
      const { mappings } = await stateOf(harness, target);
      return mappings.users?.errorCode === 'TARGET_DRIFT' && mappings.teams?.errorCode === 'TARGET_DRIFT';
    },
    { describe: 'both failures to be shown' },
  );
  await db.query('ALTER TABLE hexclave.users RENAME COLUMN taken TO display_name');
  await harness.db.query(
    `UPDATE "ExternalDatabaseMappingState" SET "nextAttemptAt" = now() + interval '3 seconds' WHERE "mapping" = 'teams'`,
  );
  await waitUntil(async () => (await stateOf(harness, target)).mappings.users?.errorCode === null, {
    describe: 'one to heal',
  });
  await db.query('ALTER TABLE hexclave.teams RENAME COLUMN taken TO display_name');
  await converged(harness, target);
});

describe('the role', () => {
  test('whose password was changed: shown, and healed once it is right again, with no new write', async () => {
    const role = await asRole('first');
    const id = await addUser(harness.db, tenancy);
    harness.start();
    await converged(harness, target);
    await target.database.db.query(`ALTER ROLE "${role}" PASSWORD 'second'`);
    proxy.cut();
    await rename(harness.db, id, 'changed');
    await waitUntil(async () => (await stateOf(harness, target)).database?.errorCode === 'TARGET_SIGN_IN_FAILED', {
      describe: 'the refusal to be shown',
    });
    expect((await stateOf(harness, target)).database?.errorSqlState).toBe('28P01');
    await target.database.db.query(`ALTER ROLE "${role}" PASSWORD 'first'`);
    await converged(harness, target);
  });

  test('whose right to a table was revoked: that mapping fails, the others go on, and it heals once granted', async () => {
    const role = await asRole('secret');
    await addUser(harness.db, tenancy);
    await harness.sync(tenancy);
    const { db } = target.database;
    await db.query('ALTER TABLE hexclave.teams OWNER TO CURRENT_USER');
    await addTeam(harness.db, tenancy);
    await addUser(harness.db, tenancy);
    await harness.sync(tenancy);
    const { mappings, database } = await stateOf(harness, target);
    expect(database?.errorCode).toBeNull();
    expect(mappings.teams?.errorCode).toBe('TARGET_PERMISSION_DENIED');
    expect((await differences(harness, target)).map(({ mapping }) => mapping)).toEqual(['teams']);
    await db.query(`GRANT ALL ON hexclave.teams TO "${role}"`);
    await harness.syncAgain(tenancy);
    await expectEqual();
    expect((await stateOf(harness, target)).mappings.teams?.errorCode).toBeNull();
  });

  test('whose right to a table was revoked before an engine has to copy all of them anew: the others are', async () => {
    const role = await asRole('secret');
    await addUser(harness.db, tenancy);
    await harness.sync(tenancy);
    const { db } = target.database;
    await db.query('ALTER TABLE hexclave.teams OWNER TO CURRENT_USER');
    await db.query('UPDATE hexclave._hexclave_sync_metadata SET epoch = NULL');
    await db.query('DELETE FROM hexclave.users');
    await addTeam(harness.db, tenancy);
    const engine = harness.newEngine();
    await harness.sync(tenancy, engine);
    expect((await stateOf(harness, target)).mappings.teams?.errorCode).toBe('TARGET_PERMISSION_DENIED');
    expect((await differences(harness, target)).map(({ mapping }) => mapping)).toEqual(['teams']);
    await db.query(`GRANT ALL ON hexclave.teams TO "${role}"`);
    await harness.syncAgain(tenancy, engine);
    await expectEqual();
  });

  test('which may only read: shown with its SQLSTATE, with growing attempts since one moment, and heals', async () => {
    const role = await asRole('secret');
    const id = await addUser(harness.db, tenancy);
    await harness.sync(tenancy);
    const { db } = target.database;
    await db.query(`ALTER ROLE "${role}" SET default_transaction_read_only = on`);
    proxy.cut();
    await rename(harness.db, id, 'new');
    await waitUntil(
      async () => {
        await harness.syncAgain(tenancy);
        return (await stateOf(harness, target)).database?.errorCode === 'TARGET_READ_ONLY';
      },
      { describe: 'the refusal to be shown' },
    );
    const before = (await stateOf(harness, target)).database;
    await harness.syncAgain(tenancy);
    const after = (await stateOf(harness, target)).database;
    expect(after).toMatchObject({ errorCode: 'TARGET_READ_ONLY', errorSqlState: '25006' });
    expect(after?.attempts).toBe((before?.attempts ?? 0) + 1);
    expect(after?.failingSince).toEqual(before?.failingSince);
    await db.query(`ALTER ROLE "${role}" RESET default_transaction_read_only`);
    await harness.syncAgain(tenancy);
    await expectEqual();
  });

  test('which may not create a schema: shown, and heals once granted', async () => {
    const role = await asRole('secret');
    const { db } = target.database;
    await db.query(`REVOKE CREATE ON DATABASE "${target.database.name}" FROM "${role}"`);
    await addUser(harness.db, tenancy);
    await harness.sync(tenancy);
    expect((await stateOf(harness, target)).database?.errorCode).toBe('TARGET_PERMISSION_DENIED');
    await db.query(`CREATE SCHEMA hexclave AUTHORIZATION "${role}"`);
    await harness.syncAgain(tenancy);
    await expectEqual();
  });

  test('that has no connection left: shown, and heals', async () => {
    const role = await asRole('secret');
    await target.database.db.query(`ALTER ROLE "${role}" CONNECTION LIMIT 0`);
    await addUser(harness.db, tenancy);
    await harness.sync(tenancy);
    expect((await stateOf(harness, target)).database?.errorCode).toBe('TARGET_TOO_MANY_CONNECTIONS');
    await target.database.db.query(`ALTER ROLE "${role}" CONNECTION LIMIT -1`);
    await harness.syncAgain(tenancy);
    await expectEqual();
  });
});

test('the internal database fails while rows are read for a copy: the target is not blamed', async () => {
  await addUsers(harness.db, tenancy, 3_000);
  const engine = harness.newEngine();
  const breaker = new pg.Client({ connectionString: harness.internal.connectionString });
  await breaker.connect();
  onTestFinished(() => breaker.end());
  await breaker.query('BEGIN');
  await breaker.query('LOCK TABLE "ProjectUser" IN ACCESS EXCLUSIVE MODE');
  const run = harness.sync(tenancy, engine).catch((error: Error) => error);
  await waitUntil(
    async () => {
      const stopped = await harness.db.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return stopped.length > 0;
    },
    { describe: 'a reader to be terminated' },
  );
  await breaker.query('ROLLBACK');
  await run;
  expect((await stateOf(harness, target)).database?.errorCode ?? null).toBeNull();
  await harness.syncAgain(tenancy);
  await expectEqual();
});
