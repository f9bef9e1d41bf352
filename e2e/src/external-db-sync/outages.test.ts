import { isPortFree } from '@hexclave/embedded-postgres';
import { type ExtraCluster, startExtraCluster, waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { succeed } from '../support/api-client.ts';
import { addUsers } from '../sync/rows.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import { type ExternalDatabase, type Owned, ownedDatabase, type Project } from './support/project.ts';
import { holdLock, untilBlocked } from './support/sessions.ts';

const namesIn = async ({ database }: ExternalDatabase) => {
  const rows = await database.db.query<{ name: string }>('SELECT display_name AS name FROM hexclave.users ORDER BY 1');
  return rows.map(({ name }) => name);
};

const createUser = async (project: Project, name: string): Promise<string> =>
  (await succeed(project.api.post('/users', { display_name: name }))).id;

/** A database on a server of its own, so that it can be stopped. */
async function ownServer(): Promise<{ cluster: ExtraCluster; database: Owned }> {
  const cluster = await startExtraCluster();
  const database = ownedDatabase(cluster.connectionString('postgres'));
  onTestFinished(() => database.db.end());
  return { cluster, database };
}

describe('the external database', () => {
  let hexclave: Installation;

  beforeAll(async () => {
    hexclave = await createInstallation();
  });

  afterAll(() => hexclave.close());

  test('is down and back with no new write: others go on, it is shown, and it heals by itself', async () => {
    const project = await hexclave.createProject();
    const { cluster, database } = await ownServer();
    const [down, other] = [
      await project.addExternalDatabase({ id: 'down', database }),
      await project.addExternalDatabase({ id: 'other' }),
    ];
    const [changed, removed] = [await createUser(project, 'old'), await createUser(project, 'removed')];
    await project.converged(down);

    await cluster.stop('immediate');
    await succeed(project.api.patch(`/users/${changed}`, { display_name: 'new' }));
    await succeed(project.api.delete(`/users/${removed}`));
    await createUser(project, 'added');
    await project.converged(other);
    await waitUntil(async () => ((await project.failureOf(down))?.attempts ?? 0) >= 2, {
      timeoutMs: 15_000,
      describe: 'a second attempt',
    });
    const failure = await project.failed(down);
    expect(failure).toMatchObject({ errorCode: 'TARGET_UNREACHABLE', failingSince: expect.any(Date) });
    expect(failure.errorRemedy).not.toBe('');

    await cluster.restart();
    // The back-off has come to at most 8 seconds by now.
    await project.converged(down, 20_000);
    expect(await namesIn(down)).toEqual(['added', 'new']);
    await waitUntil(async () => (await project.failureOf(down))?.errorCode === null, {
      describe: 'the failure to be cleared',
    });
    expect(await project.failureOf(down)).toMatchObject({ attempts: 0, failingSince: null });
  });

  test('crashes and is back although nothing changes at all: what it may have lost is asked for', async () => {
    const project = await hexclave.createProject();
    const { cluster, database } = await ownServer();
    const external = await project.addExternalDatabase({ database });
    await createUser(project, 'Ada');
    await project.converged(external);
    await project.settled();
    // What a crash does to the last commits, which need not have been on disk: rows and cursor are those of before.
    const { db } = database;
    const before = await db.query<{ mapping: string; cursor: bigint }>(
      'SELECT mapping_name AS mapping, last_synced_sequence_id AS cursor FROM hexclave._hexclave_sync_metadata',
    );
    await createUser(project, 'Grace');
    await project.converged(external);
    await project.settled();
    await db.transaction(async (tx) => {
      await tx.query(`DELETE FROM hexclave.users WHERE display_name = 'Grace'`);
      for (const { mapping, cursor } of before) {
        await tx.query(
          'UPDATE hexclave._hexclave_sync_metadata SET last_synced_sequence_id = $2 WHERE mapping_name = $1',
          [mapping, cursor],
        );
      }
    });
    await cluster.stop('immediate');
    await cluster.restart();
    await project.converged(external, 20_000);
    expect(await namesIn(external)).toEqual(['Ada', 'Grace']);
  });

  test('conflicts with a batch twice in a row: it is tried again, in smaller ones', async () => {
    const project = await hexclave.createProject();
    const external = await project.addExternalDatabase();
    await project.converged(external);
    // Numbers are drawn for good, also by transactions that fail.
    await external.database.db.query(`CREATE SEQUENCE public.tries;
      CREATE FUNCTION public.conflict() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('public.tries') <= 2 THEN RAISE EXCEPTION 'try again' USING ERRCODE = '40001'; END IF;
          RETURN NULL;
        END $$;
      CREATE TRIGGER conflict AFTER INSERT ON hexclave.users FOR EACH STATEMENT EXECUTE FUNCTION public.conflict()`);
    await addUsers(hexclave.db, project.tenancyId, 1_000);
    await project.converged(external);
    const [tries] = await external.database.db.query<{ count: number }>(
      'SELECT last_value::int AS count FROM public.tries',
    );
    expect(tries?.count).toBeGreaterThan(2);
  });

  test('makes us wait for a lock of its owner’s: nobody else is held up', async () => {
    const project = await hexclave.createProject();
    const hanging = await project.addExternalDatabase({ id: 'hanging' });
    await project.converged(hanging);
    const lock = await holdLock(
      hanging.database.connectionString,
      'LOCK TABLE hexclave.users IN ACCESS EXCLUSIVE MODE',
    );
    await createUser(project, 'Ada');
    await untilBlocked(hanging.database.db);
    const other = await hexclave.createProject();
    const external = await other.addExternalDatabase();
    await createUser(other, 'Grace');
    await other.converged(external);
    await untilBlocked(hanging.database.db);
    await lock.release();
    await project.converged(hanging);
  });
});

describe('the internal database', () => {
  test('is stopped and started again: the server reconnects, and what was under way is finished', async () => {
    const cluster = await startExtraCluster();
    const hexclave = await createInstallation({ connectionString: cluster.connectionString('postgres'), servers: 2 });
    onTestFinished(() => hexclave.close());
    const project = await hexclave.createProject();
    const external = await project.addExternalDatabase();
    const user = await createUser(project, 'before');
    await project.converged(external);

    const lock = await holdLock(
      external.database.connectionString,
      'LOCK TABLE hexclave.users IN ACCESS EXCLUSIVE MODE',
    );
    await succeed(project.api.patch(`/users/${user}`, { display_name: 'during' }));
    await untilBlocked(external.database.db);
    await cluster.stop('immediate');
    expect((await project.api.get(`/users/${user}`)).status).toBe(503);
    await lock.release();
    await cluster.restart();

    await waitUntil(async () => (await project.api.get(`/users/${user}`)).status === 200, {
      timeoutMs: 15_000,
      describe: 'the API to answer again',
    });
    await createUser(project, 'after');
    await project.converged(external);
    expect(await namesIn(external)).toEqual(['after', 'during']);
    for (const server of hexclave.servers) expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });
});

describe('SIGTERM during work', () => {
  let hexclave: Installation;

  beforeAll(async () => {
    hexclave = await createInstallation({ servers: 0 });
  });

  afterAll(() => hexclave.close());

  test('a batch under way is finished, no new one begins, and the exit code is 0', async () => {
    const server = await hexclave.startServer();
    const project = await hexclave.createProject();
    const external = await project.addExternalDatabase();
    await project.converged(external);
    const lock = await holdLock(
      external.database.connectionString,
      'LOCK TABLE hexclave.users IN ACCESS EXCLUSIVE MODE',
    );
    await createUser(project, 'under way');
    await untilBlocked(external.database.db);
    const stopping = hexclave.stop(server);
    await waitUntil(() => isPortFree(Number(new URL(server.url).port)), {
      describe: 'the server to take no more requests',
    });
    const released = performance.now();
    await lock.release();
    expect(await stopping).toBe(0);
    expect(performance.now() - released).toBeLessThan(10_000);
    expect(await namesIn(external)).toEqual(['under way']);
    expect(await hexclave.db.query('SELECT 1 FROM "OutgoingRequest" WHERE "startedFulfillingAt" IS NOT NULL')).toEqual(
      [],
    );
  });

  test('a lock of the owner’s that is never released holds up the stop for a bounded time, and another process goes on', async () => {
    const server = await hexclave.startServer();
    const project = await hexclave.createProject();
    const external = await project.addExternalDatabase();
    await project.converged(external);
    const lock = await holdLock(
      external.database.connectionString,
      'LOCK TABLE hexclave.users IN ACCESS EXCLUSIVE MODE',
    );
    await createUser(project, 'Ada');
    await untilBlocked(external.database.db);
    const started = performance.now();
    expect(await hexclave.stop(server)).toBe(0);
    expect(performance.now() - started).toBeLessThan(35_000);
    await lock.release();
    await hexclave.startServer();
    await project.converged(external, 30_000);
  });
});
