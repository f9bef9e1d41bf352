import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { openSession, untilBlocked } from '../external-db-sync/support/sessions.ts';
import { addUser, addUsers, rename } from '../sync/rows.ts';

let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation();
});

afterAll(() => hexclave.close());

beforeEach(async () => {
  project = await hexclave.createProject();
  external = await project.addExternalDatabase();
  await project.converged(external);
  await project.settled();
});

/** How many transactions of this database have been ended by a deadlock. */
async function deadlocks(): Promise<number> {
  const [row] = await external.database.db.query<{ count: number }>(
    'SELECT deadlocks::int AS count FROM pg_stat_database WHERE datname = current_database()',
  );
  return row?.count ?? 0;
}

describe('F14 the target ends our transaction, while an engine is at work', () => {
  test('in a deadlock with its owner’s: the batch is tried again, and theirs is left alone', async () => {
    const { db, connectionString } = external.database;
    const user = await addUser(hexclave.db, project.tenancyId, { name: 'v0' });
    await project.converged(external);
    await db.query(`CREATE TABLE public.orders (id int PRIMARY KEY); INSERT INTO public.orders VALUES (1);
      CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM 1 FROM public.orders FOR UPDATE; RETURN NULL; END $$;
      CREATE TRIGGER touch AFTER UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION public.touch()`);
    const theirs = await openSession(connectionString);
    // So that it is ours that notices first.
    await theirs.query(`SET deadlock_timeout = '20s'`);
    await theirs.query('BEGIN');
    await theirs.query('SELECT 1 FROM public.orders FOR UPDATE');
    await rename(hexclave.db, user, 'v1');
    await untilBlocked(db);
    await theirs.query('UPDATE hexclave.users SET id = id');
    await theirs.query('COMMIT');
    await project.converged(external);
    await waitUntil(async () => (await deadlocks()) > 0, { describe: 'the deadlock to be counted' });
    expect(await project.failureOf(external)).toMatchObject({ errorCode: null });
  });

  test('because a transaction of its owner’s came first, where all are to be serializable', async () => {
    const { db, connectionString } = external.database;
    const user = await addUser(hexclave.db, project.tenancyId, { name: 'v0' });
    await project.converged(external);
    await db.query(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$`,
    );
    // From the next session on.
    await db.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hexclave'`,
    );
    await addUser(hexclave.db, project.tenancyId);
    await project.converged(external);
    await project.settled();
    const theirs = await openSession(connectionString);
    await theirs.query('BEGIN');
    await theirs.query(`UPDATE hexclave.users SET display_name = 'theirs' WHERE id = $1`, [user]);
    await rename(hexclave.db, user, 'v1');
    await untilBlocked(db);
    // Ours has begun before, so it may not overwrite what it has not seen: SQLSTATE 40001.
    await theirs.query('COMMIT');
    await project.converged(external);
    expect(await project.failureOf(external)).toMatchObject({ errorCode: null });
  });

  test('because it takes too long there: batches become smaller until they fit', async () => {
    const { db, connectionString } = external.database;
    await db.query(`CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(0.002); RETURN NULL; END $$;
      CREATE TRIGGER slow AFTER INSERT ON hexclave.users FOR EACH ROW EXECUTE FUNCTION public.slow()`);
    const watchdog = await openSession(connectionString);
    let cancelled = 0;
    let isWatching = true;
    const watching = (async () => {
      while (isWatching) {
        const { rowCount } = await watchdog.query(
          `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
             AND application_name = 'hexclave' AND state = 'active' AND query_start < clock_timestamp() - interval '1.5 seconds'`,
        );
        cancelled += rowCount ?? 0;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    onTestFinished(async () => {
      isWatching = false;
      await watching;
    });
    await addUsers(hexclave.db, project.tenancyId, 3_000);
    await project.converged(external, 45_000);
    expect(cancelled).toBeGreaterThan(0);
  }, 90_000);
});
