import { LEASE_MS } from '@hexclave/sync';
import { createEmptyDatabase, waitUntil } from '@hexclave/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import {
  blockedBackends,
  holdLock,
  serverBackends,
  terminate,
  untilBlocked,
} from '../external-db-sync/support/sessions.ts';
import { connectionOf } from '../sync/harness.ts';
import { addUser, addUsers, removeUser, rename } from '../sync/rows.ts';
import { regressions, watchVersions } from '../sync/versions.ts';
import { type GateProxy, startGateProxy, type Verdict } from './support/gate-proxy.ts';
import { through } from './support/through.ts';

/** The server reaches the internal database and the external one through gates that tell where it is. */
let hexclave: Installation;
let inner: GateProxy;
let outer: GateProxy;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 0 });
  const { port } = connectionOf(hexclave.connectionString);
  [inner, outer] = [await startGateProxy(port), await startGateProxy(port)];
});

afterAll(async () => {
  await hexclave.close();
  await inner.close();
  await outer.close();
});

beforeEach(async () => {
  if (hexclave.servers.length === 0) await startServer();
  project = await hexclave.createProject();
});

const startServer = (runLoops = true) =>
  hexclave.startServer({
    runLoops,
    environment: { HEXCLAVE_DATABASE_CONNECTION_STRING: through(inner, hexclave.connectionString) },
  });

async function addCopy(): Promise<void> {
  const database = await createEmptyDatabase();
  external = await project.addExternalDatabase({
    database,
    connectionString: through(outer, database.connectionString),
  });
}

/** Ends the process where it is, with what it has sent thrown away or carried out, and lets another go on. */
async function killAndGoOn(): Promise<void> {
  await hexclave.kill(hexclave.server);
  inner.discard();
  outer.discard();
  for (const { db } of [hexclave, external.database]) {
    await waitUntil(async () => (await serverBackends(db)).length === 0, {
      describe: 'the sessions of the dead server to end',
    });
  }
  // A claim lasts a minute: here it is over, as if that had passed.
  await hexclave.db.query(
    `UPDATE "OutgoingRequest" SET "leaseExpiresAt" = "leaseExpiresAt" - $1 * interval '1 millisecond'
     WHERE "startedFulfillingAt" IS NOT NULL`,
    [LEASE_MS],
  );
  await startServer();
}

describe('F1 the server is killed around the COMMIT of a write', () => {
  beforeAll(async () => {
    await hexclave.db.query(`
      CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock(4712); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER wait_when_added AFTER INSERT ON "ProjectUser" DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW."displayName" = 'wait here') EXECUTE FUNCTION wait_at_commit();
      CREATE CONSTRAINT TRIGGER wait_when_removed AFTER DELETE ON "ProjectUser" DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (OLD."displayName" = 'wait here') EXECUTE FUNCTION wait_at_commit()`);
  });

  /** Without loops, nobody numbers the trace before the test has looked at it. */
  beforeEach(async () => {
    await hexclave.stop(hexclave.server);
    await startServer(false);
  });

  afterEach(async () => {
    for (const server of [...hexclave.servers]) await hexclave.stop(server);
  });

  async function traces(): Promise<{ rows: number; flagged: number; tombstones: number }> {
    const [found] = await hexclave.db.query<{ rows: number; flagged: number; tombstones: number }>(
      `SELECT count(*)::int AS rows, count(*) FILTER (WHERE "shouldUpdateSequenceId")::int AS flagged,
         (SELECT count(*)::int FROM "DeletedRow" WHERE "tenancyId" = $1) AS tombstones
       FROM "ProjectUser" WHERE "tenancyId" = $1`,
      [project.tenancyId],
    );
    return found ?? { rows: -1, flagged: -1, tombstones: -1 };
  }

  const PUT = { rows: 1, flagged: 1, tombstones: 0 };
  const NOTHING = { rows: 0, flagged: 0, tombstones: 0 };

  /** Kills the server while the COMMIT of what it was asked for waits; that is then let go, or ended. */
  async function killBeforeCommit(ask: () => Promise<unknown>, fate: string): Promise<void> {
    const lock = await holdLock(hexclave.connectionString, 'SELECT pg_advisory_xact_lock(4712)');
    const answer = ask().catch(() => undefined);
    const orphans = await untilBlocked(hexclave.db);
    await hexclave.kill(hexclave.server);
    await answer;
    if (fate === 'rolled back') await terminate(hexclave.db, orphans);
    await lock.release();
    await waitUntil(async () => (await blockedBackends(hexclave.db)).length === 0, { describe: 'the orphan to end' });
  }

  test.each([
    ['rolled back', NOTHING],
    ['carried out', PUT],
  ])('before it: a new row that is %s, and its trace, are both there or both absent', async (fate, expected) => {
    await killBeforeCommit(() => project.api.post('/users', { display_name: 'wait here' }), fate);
    expect(await traces()).toEqual(expected);
  });

  test.each([
    ['rolled back', PUT],
    ['carried out', { rows: 0, flagged: 0, tombstones: 1 }],
  ])('before it: a removal that is %s, and its trace, are both there or both absent', async (fate, expected) => {
    const id = await addUser(hexclave.db, project.tenancyId, { name: 'wait here' });
    await killBeforeCommit(() => project.api.delete(`/users/${id}`), fate);
    expect(await traces()).toEqual(expected);
  });

  test('after it, before anybody was told: row and trace are there, and another process copies them', async () => {
    inner.watch((message) => (message.includes('insert into "ProjectUser"') ? 'hold-reply' : 'pass'));
    const answer = project.api.post('/users', { display_name: 'Ada' }).catch(() => undefined);
    await inner.held();
    await hexclave.kill(hexclave.server);
    inner.discard();
    await answer;
    expect(await traces()).toEqual(PUT);
    await startServer();
    await addCopy();
    await project.converged(external);
  });
});

describe('F6 the engine is killed at every step of a batch, before and after the target’s COMMIT', () => {
  beforeEach(async () => {
    await addCopy();
    await project.converged(external);
    await project.settled();
  });

  async function recovered(): Promise<void> {
    await project.converged(external, 30_000);
    await project.settled(30_000);
  }

  /** A user whose name is the number of its version: no older one may ever replace a newer one. */
  async function addWatchedUser(): Promise<string> {
    const user = await addUser(hexclave.db, project.tenancyId, { name: 'v0' });
    await recovered();
    await watchVersions(external.database.db);
    return user;
  }

  async function expectRecovery(): Promise<void> {
    await recovered();
    expect(await regressions(external.database.db)).toEqual([]);
  }

  const FATES: readonly Verdict[] = ['hold', 'hold-reply'];
  /** Idle polls count as well, so there is no certain end. */
  const MOST_STEPS = 12;
  const words = (fate: Verdict) => (fate === 'hold' ? 'before' : 'after');

  test('one change: at each message to the internal database', async () => {
    const user = await addWatchedUser();
    let steps = 0;
    for (let isOver = false; !isOver; ) {
      isOver = await killedAtStep(++steps, user);
    }
    // Numbering, the claim, what is to be read, its rows, the state, the end of the request.
    expect(steps).toBeGreaterThan(5);
  });

  /** Returns true when all was done before so many messages were sent. */
  async function killedAtStep(step: number, user: string): Promise<boolean> {
    let passed = 0;
    inner.watch(() => (++passed === step ? 'hold-reply' : 'pass'));
    await rename(hexclave.db, user, `v${step}`);
    await waitUntil(async () => inner.isHeld() || (await isDone(`v${step}`)), {
      timeoutMs: 30_000,
      describe: 'a message to be held, or everything to be done',
    });
    const isOver = !inner.isHeld() || step === MOST_STEPS;
    if (isOver) inner.open();
    else await killAndGoOn();
    await expectRecovery();
    return isOver;
  }

  async function isDone(name: string): Promise<boolean> {
    const [requests, copied] = await Promise.all([
      hexclave.db.query('SELECT 1 FROM "OutgoingRequest" WHERE "tenancyId" = $1', [project.tenancyId]),
      external.database.db.query('SELECT 1 FROM hexclave.users WHERE display_name = $1', [name]),
    ]);
    return requests.length === 0 && copied.length === 1;
  }

  test.each(FATES.map((fate) => [words(fate), fate] as const))(
    'one change: %s the target’s COMMIT',
    async (_, fate) => {
      const user = await addWatchedUser();
      outer.watch((message) => (message.includes('the position has moved') ? fate : 'pass'));
      await rename(hexclave.db, user, 'v1');
      await outer.held();
      await killAndGoOn();
      await expectRecovery();
    },
  );

  test.each([
    ['before the staging table is made', 'CREATE TEMP TABLE', 'hold'],
    ['after the staging table was made', 'CREATE TEMP TABLE', 'hold-reply'],
    ['with rows on their way', 'user 900', 'hold'],
    ['before the target’s COMMIT', 'the position has moved', 'hold'],
    ['after the target’s COMMIT', 'the position has moved', 'hold-reply'],
  ] as const)('a backlog in bulk: %s', async (_, text, fate) => {
    const removed = await addUser(hexclave.db, project.tenancyId);
    await project.converged(external);
    outer.watch((message) => (message.includes(text) ? fate : 'pass'));
    await hexclave.db.transaction(async (tx) => {
      await addUsers(tx, project.tenancyId, 2_500);
      await removeUser(tx, removed);
    });
    await outer.held();
    await killAndGoOn();
    await recovered();
  });
});
