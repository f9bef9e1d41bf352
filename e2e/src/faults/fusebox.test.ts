import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { addUsers } from '../sync/rows.ts';

const BOUND_MS = 5_000;

let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 2 });
});

afterAll(() => hexclave.close());

beforeEach(async () => {
  project = await hexclave.createProject();
  external = await project.addExternalDatabase();
  await project.converged(external);
  // Notes when each batch began: whatever its length, its transaction has the time of its first statement.
  await external.database.db.query(
    `CREATE TABLE public.batches (at timestamptz); CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN INSERT INTO public.batches VALUES (now()); RETURN NULL; END $$;
     CREATE TRIGGER note AFTER UPDATE ON hexclave._hexclave_sync_metadata FOR EACH ROW EXECUTE FUNCTION public.note()`,
  );
});

async function lastBatch(): Promise<Date> {
  const [row] = await external.database.db.query<{ at: Date }>('SELECT max(at) AS at FROM public.batches');
  return row?.at ?? new Date(0);
}

/** Returns when, by the clock that the targets go by as well. */
async function flip(on: boolean): Promise<Date> {
  const [row] = await hexclave.db.query<{ at: Date }>(
    `UPDATE "ExternalDbSyncMetadata" SET "syncEngineEnabled" = $1, "changedAt" = clock_timestamp() RETURNING "changedAt" AS at`,
    [on],
  );
  if (row === undefined) throw new Error('There is no fusebox');
  return row.at;
}

describe('F24 the fusebox is flipped under load', () => {
  test('no new batch begins after five seconds, and nothing is lost', async () => {
    let isLoaded = true;
    const load = (async () => {
      // A large backlog, and small changes all the time.
      await addUsers(hexclave.db, project.tenancyId, 20_000);
      while (isLoaded) {
        await addUsers(hexclave.db, project.tenancyId, 20);
        await delay(20);
      }
    })();
    await waitUntil(async () => (await lastBatch()).getTime() > 0, { describe: 'the load to be worked off' });
    const flippedAt = await flip(false);
    // Seen from after the bound, whatever began before it is over and noted.
    await waitUntil(async () => (await clock()).getTime() > flippedAt.getTime() + BOUND_MS + 1_500, {
      timeoutMs: 30_000,
      intervalMs: 100,
      describe: 'the bound to have passed',
    });
    expect((await lastBatch()).getTime() - flippedAt.getTime()).toBeLessThan(BOUND_MS);
    isLoaded = false;
    await load;
    await flip(true);
    await project.converged(external, 60_000);
  });

  async function clock(): Promise<Date> {
    const [row] = await hexclave.db.query<{ at: Date }>('SELECT clock_timestamp() AS at');
    return row?.at ?? new Date(0);
  }
});
