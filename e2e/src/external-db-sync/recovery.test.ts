import { randomUUID } from 'node:crypto';
import { LEASE_MS, SEQUENCER_LOCK_KEY } from '@hexclave/sync';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { succeed } from '../support/api-client.ts';
import { addUser, addUsers } from '../sync/rows.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import { type ExternalDatabase, type Project, pathOf } from './support/project.ts';
import { blockedBackends, holdLock, serverBackends, terminate, untilBlocked, untilGone } from './support/sessions.ts';

/**
 * Each test holds something that one stage needs, so that the server is provably inside that stage; kills it there with
 * SIGKILL; and lets another process go on. What the dead one had sent to PostgreSQL may still run, or be rolled back:
 * both are tried.
 */
let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 0 });
});

afterAll(() => hexclave.close());

beforeEach(async () => {
  if (hexclave.servers.length === 0) await hexclave.startServer();
  project = await hexclave.createProject();
  external = await project.addExternalDatabase();
  await project.converged(external);
  await project.settled();
});

const createUser = async (name: string): Promise<string> =>
  (await succeed(project.api.post('/users', { display_name: name }))).id;

const names = async () => {
  const rows = await external.database.db.query<{ name: string }>(
    'SELECT display_name AS name FROM hexclave.users ORDER BY 1',
  );
  return rows.map(({ name }) => name);
};

type Claim = { id: string; claimToken: string | null };

async function claims(): Promise<Claim[]> {
  return hexclave.db.query<Claim>(
    `SELECT "id", "claimToken" FROM "OutgoingRequest" WHERE "tenancyId" = $1 AND "startedFulfillingAt" IS NOT NULL`,
    [project.tenancyId],
  );
}

/** A first lease is shorter than the start of a server may take on a busy machine: here it is a long one from now on. */
async function beginLongLeases(): Promise<void> {
  await hexclave.db.query(
    `UPDATE "OutgoingRequest" SET "leaseExpiresAt" = now() + $1 * interval '1 millisecond' WHERE "startedFulfillingAt" IS NOT NULL`,
    [LEASE_MS],
  );
}

/** As if a minute had passed. */
async function endLeases(): Promise<void> {
  await hexclave.db.query(
    `UPDATE "OutgoingRequest" SET "leaseExpiresAt" = "leaseExpiresAt" - $1 * interval '1 millisecond' WHERE "startedFulfillingAt" IS NOT NULL`,
    [LEASE_MS],
  );
}

/** Ends what the dead process left running in a database, or lets it go on until it is done. */
async function dealWithOrphans(
  fate: 'rolled back' | 'carried out',
  on: ExternalDatabase['database'],
  release: () => Promise<void>,
) {
  const orphans = await blockedBackends(on.db);
  expect(orphans.length).toBeGreaterThan(0);
  if (fate === 'rolled back') await terminate(on.db, orphans);
  await release();
  await untilGone(on.db, orphans);
}

const FATES = ['rolled back', 'carried out'] as const;

describe('killed in the sequencer', () => {
  test('waiting for its turn', async () => {
    const lock = await holdLock(hexclave.connectionString, `SELECT pg_advisory_xact_lock(${SEQUENCER_LOCK_KEY})`);
    await createUser('Ada');
    await untilBlocked(hexclave.db);
    await hexclave.kill(hexclave.server);
    await hexclave.startServer();
    await createUser('Grace');
    await lock.release();
    await project.converged(external);
    expect(await names()).toEqual(['Ada', 'Grace']);
  });

  test.each(FATES)('with numbers drawn and not committed, its statement %s', async (fate) => {
    const lock = await holdLock(hexclave.connectionString, 'SELECT 1 FROM "SequenceEpoch" FOR UPDATE');
    const user = await createUser('Ada');
    await untilBlocked(hexclave.db);
    await hexclave.kill(hexclave.server);
    await dealWithOrphans(fate, hexclave, lock.release);
    const [row] = await hexclave.db.query<{ flagged: boolean }>(
      'SELECT "shouldUpdateSequenceId" AS flagged FROM "ProjectUser" WHERE "projectUserId" = $1',
      [user],
    );
    expect(row?.flagged).toBe(fate === 'rolled back');
    await hexclave.startServer();
    await project.converged(external);
    expect(await names()).toEqual(['Ada']);
  });
});

describe('killed with a claim', () => {
  test('before the engine has done anything: the claim is taken over once its lease is over, not before', async () => {
    const lock = await holdLock(
      hexclave.connectionString,
      'LOCK TABLE "ExternalDatabaseState" IN ACCESS EXCLUSIVE MODE',
    );
    await createUser('Ada');
    await untilBlocked(hexclave.db);
    await hexclave.kill(hexclave.server);
    const [stale] = await claims();
    expect(stale).toBeDefined();
    await beginLongLeases();
    await lock.release();
    await hexclave.startServer();
    // The new process is at work, and yet leaves the claim of the dead one alone.
    const other = await hexclave.createProject();
    const elsewhere = await other.addExternalDatabase();
    await other.converged(elsewhere);
    expect(await claims()).toEqual([stale]);
    expect(await names()).toEqual([]);
    await endLeases();
    await project.converged(external);
    await project.settled();
    expect(await names()).toEqual(['Ada']);
  });

  test('by the time a second change is waiting behind it: both arrive', async () => {
    const lock = await holdLock(
      hexclave.connectionString,
      'LOCK TABLE "ExternalDatabaseState" IN ACCESS EXCLUSIVE MODE',
    );
    const user = await createUser('first');
    await untilBlocked(hexclave.db);
    await succeed(project.api.patch(`/users/${user}`, { display_name: 'second' }));
    await hexclave.kill(hexclave.server);
    await lock.release();
    await hexclave.startServer();
    await createUser('third');
    await endLeases();
    await project.converged(external);
    expect(await names()).toEqual(['second', 'third']);
  });
});

describe('killed in the engine', () => {
  test.each(FATES)('before it could write, its batch %s while another engine goes on', async (fate) => {
    const { database } = external;
    // Ready before it is needed: an engine waits for a lock in a target for four seconds only. It does nothing by itself.
    const other = await hexclave.startServer({ runLoops: false });
    const lock = await holdLock(database.connectionString, 'SELECT 1 FROM hexclave._hexclave_sync_metadata FOR UPDATE');
    const user = await createUser('old');
    const orphans = await untilBlocked(database.db);
    await hexclave.kill(hexclave.server);
    // A newer version is on its way before the dead engine's batch of older rows is let go.
    await succeed(project.api.patch(`/users/${user}`, { display_name: 'new' }));
    await endLeases();
    const driven = Promise.allSettled([hexclave.cron(other, 'sequencer'), hexclave.cron(other, 'poller')]);
    await untilBlocked(database.db, 2);
    if (fate === 'rolled back') await terminate(database.db, orphans);
    await lock.release();
    await project.converged(external);
    expect(await names()).toEqual(['new']);
    await hexclave.kill(other);
    await driven;
  });

  test.each(FATES)('with rows written and not committed, its transaction %s', async (fate) => {
    await waitInTarget('users');
    const { database } = external;
    const lock = await holdLock(database.connectionString, TAKE_TURN);
    await createUser('wait here');
    await untilBlocked(database.db);
    await hexclave.kill(hexclave.server);
    await dealWithOrphans(fate, database, lock.release);
    expect(await names()).toEqual(fate === 'rolled back' ? [] : ['wait here']);
    await endLeases();
    await hexclave.startServer();
    await project.converged(external);
    await project.settled();
    expect(await names()).toEqual(['wait here']);
  });

  test('after the target has committed, before anybody could be told: done again, to no harm', async () => {
    const lock = await holdLock(hexclave.connectionString, 'LOCK TABLE "ExternalDatabaseMappingState" IN SHARE MODE');
    await createUser('Ada');
    await untilBlocked(hexclave.db);
    expect(await names()).toEqual(['Ada']);
    const written = await versionsWritten();
    await hexclave.kill(hexclave.server);
    await terminate(hexclave.db, await blockedBackends(hexclave.db));
    await lock.release();
    expect(await claims()).toHaveLength(1);
    await endLeases();
    await hexclave.startServer();
    await project.settled();
    await project.converged(external);
    expect(await versionsWritten()).toEqual(written);
  });

  test('after a delivery, before its request was removed: the duplicate changes nothing', async () => {
    const state = await holdLock(hexclave.connectionString, 'LOCK TABLE "ExternalDatabaseMappingState" IN SHARE MODE');
    await createUser('Ada');
    await untilBlocked(hexclave.db);
    const [claim] = await claims();
    const request = await holdLock(
      hexclave.connectionString,
      `SELECT 1 FROM "OutgoingRequest" WHERE "id" = '${claim?.id}' FOR UPDATE`,
    );
    await state.release();
    await waitUntil(async () => (await deletesBlocked()).length > 0, { describe: 'the request to be about to go' });
    const written = await versionsWritten();
    await hexclave.kill(hexclave.server);
    await terminate(hexclave.db, await deletesBlocked());
    await request.release();
    expect(await claims()).toEqual([claim]);
    await endLeases();
    await hexclave.startServer();
    await project.settled();
    await project.converged(external);
    expect(await versionsWritten()).toEqual(written);
  });
});

describe('killed in the middle of many rows', () => {
  const MANY = 12_000;
  const MIDDLE = '80000000-0000-4000-8000-000000000000';

  test('of a first copy, with writes going on meanwhile: resumed, with no row too many or too few', async () => {
    await waitInTarget('users');
    await project.configure({ [`${pathOf('main')}.paused`]: true });
    await addUsers(hexclave.db, project.tenancyId, MANY);
    await addUser(hexclave.db, project.tenancyId, { id: MIDDLE, name: 'wait here' });
    const lock = await holdLock(external.database.connectionString, TAKE_TURN);
    // Another declaration: the table, empty as it is, is copied anew.
    await project.configure({
      [`${pathOf('main')}.tables`]: { users: { omitColumns: ['profile_image_url'] } },
      [`${pathOf('main')}.paused`]: false,
    });
    await untilBlocked(external.database.db);
    await changeOneInThree();
    await hexclave.kill(hexclave.server);
    const blocked = await blockedBackends(external.database.db);
    // A batch in another lane may have been on its way.
    await waitUntil(async () => (await serverBackends(external.database.db)).length === blocked.length, {
      describe: 'all but the blocked session of the dead server to end',
    });
    const before = (await names()).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(MANY);
    await terminate(external.database.db, blocked);
    await lock.release();
    // What was committed of the copy is kept: the next process begins where the last one was.
    expect((await names()).length).toBe(before);
    await changeOneInThree();
    await endLeases();
    await hexclave.startServer();
    await project.settled(60_000);
    expect(await sameNames()).toBe(true);
  });

  test('of a backlog of changes', async () => {
    await waitInTarget('users');
    const lock = await holdLock(external.database.connectionString, TAKE_TURN);
    await hexclave.db.transaction(async (tx) => {
      await addUsers(tx, project.tenancyId, MANY / 2);
      await addUser(tx, project.tenancyId, { id: MIDDLE, name: 'wait here' });
      await addUsers(tx, project.tenancyId, MANY / 2);
    });
    await untilBlocked(external.database.db);
    expect((await names()).length).toBeLessThan(MANY);
    await hexclave.kill(hexclave.server);
    await terminate(external.database.db, await blockedBackends(external.database.db));
    await lock.release();
    await changeOneInThree();
    await endLeases();
    await hexclave.startServer();
    await project.settled(60_000);
    await project.converged(external);
  });

  /** Updates some rows and deletes others, all over the table. */
  async function changeOneInThree(): Promise<void> {
    const rows = `WHERE "tenancyId" = $1 AND "projectUserId" <> '${MIDDLE}' AND hashtext("projectUserId"::text) % 9`;
    await hexclave.db.query(`UPDATE "ProjectUser" SET "displayName" = 'changed ' || $2::text ${rows} IN (0, 1)`, [
      project.tenancyId,
      randomUUID(),
    ]);
    await hexclave.db.query(`DELETE FROM "ProjectUser" ${rows} = 2`, [project.tenancyId]);
  }

  /** One column of the copy is left out, so the mapping's own query does not compare. */
  async function sameNames(): Promise<boolean> {
    const [source, copy] = await Promise.all([
      hexclave.db.query(
        `SELECT "projectUserId" AS id, "displayName" AS name FROM "ProjectUser" WHERE "tenancyId" = $1 ORDER BY 1`,
        [project.tenancyId],
      ),
      external.database.db.query('SELECT id, display_name AS name FROM hexclave.users ORDER BY 1'),
    ]);
    return JSON.stringify(source) === JSON.stringify(copy);
  }
});

/** Taken by whoever holds the target back, and by the trigger of {@link waitInTarget}. */
const TAKE_TURN = 'SELECT pg_advisory_xact_lock(4711)';

/** A trigger of the customer's that waits at one row, in the middle of our transaction. */
async function waitInTarget(table: string): Promise<void> {
  await external.database.db.query(`CREATE FUNCTION public.take_turn() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
    CREATE TRIGGER take_turn BEFORE INSERT OR UPDATE ON hexclave.${table} FOR EACH ROW WHEN (NEW.display_name = 'wait here')
    EXECUTE FUNCTION public.take_turn()`);
}

/** Differs as soon as any row is written again, even with the same values. */
function versionsWritten(): Promise<object[]> {
  return external.database.db.query('SELECT id, xmin::text FROM hexclave.users ORDER BY 1');
}

async function deletesBlocked(): Promise<number[]> {
  const rows = await hexclave.db.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
     AND application_name LIKE 'hexclave%' AND query LIKE '%DELETE FROM "OutgoingRequest"%'`,
  );
  return rows.map(({ pid }) => pid);
}
