import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { succeed } from '../support/api-client.ts';
import { addUsers } from '../sync/rows.ts';

const BOUND_MS = 5_000;
/** Longer than anybody sleeps between two looks. */
const LOOKED_FOR_MS = 1_500;
const CONTROLS = '/internal/external-db-sync';

let hexclave: Installation;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 2 });
});

afterAll(() => hexclave.close());

type Loaded = { readonly project: Project; readonly external: ExternalDatabase };

async function createLoaded(): Promise<Loaded> {
  const project = await hexclave.createProject();
  const external = await project.addExternalDatabase();
  await project.converged(external);
  // Notes when each batch began: whatever its length, its transaction has the time of its first statement.
  await external.database.db.query(
    `CREATE TABLE public.batches (at timestamptz); CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN INSERT INTO public.batches VALUES (now()); RETURN NULL; END $$;
     CREATE TRIGGER note AFTER UPDATE ON hexclave._hexclave_sync_metadata FOR EACH ROW EXECUTE FUNCTION public.note()`,
  );
  return { project, external };
}

async function lastBatch({ external }: Loaded): Promise<number> {
  const [row] = await external.database.db.query<{ at: Date }>('SELECT max(at) AS at FROM public.batches');
  return row?.at?.getTime() ?? 0;
}

/** By the clock that the targets go by as well. */
async function clock(): Promise<number> {
  const [row] = await hexclave.db.query<{ at: Date }>('SELECT clock_timestamp() AS at');
  return row?.at.getTime() ?? 0;
}

/** Stops everything under load, and says by how much the last batch came later. Then lets it go on. */
async function stopUnderLoad(loaded: readonly Loaded[], stop: () => Promise<unknown>, resume: () => Promise<unknown>) {
  let isLoaded = true;
  const loads = loaded.map(async ({ project }) => {
    // A large backlog, and small changes all the time.
    await addUsers(hexclave.db, project.tenancyId, 20_000);
    while (isLoaded) {
      await addUsers(hexclave.db, project.tenancyId, 20);
      await delay(20);
    }
  });
  const begun = await Promise.all(loaded.map(lastBatch));
  await waitUntil(
    async () => (await Promise.all(loaded.map(lastBatch))).every((at, index) => at > (begun[index] ?? 0)),
    {
      describe: 'the load to be worked off',
    },
  );
  await stop();
  const stoppedAt = await clock();
  // Seen from after the bound, whatever began before it is over and noted.
  await waitUntil(async () => (await clock()) > stoppedAt + BOUND_MS + LOOKED_FOR_MS, {
    timeoutMs: 30_000,
    intervalMs: 100,
    describe: 'the bound to have passed',
  });
  const last = await Promise.all(loaded.map(lastBatch));
  isLoaded = false;
  await Promise.all(loads);
  await resume();
  for (const { project, external } of loaded) await project.converged(external, 60_000);
  return last.map((at) => at - stoppedAt);
}

const flip = (fuse: string, on: boolean) =>
  succeed(hexclave.operator.patch(`${CONTROLS}/fusebox`, { [fuse]: on, reason: `a test of ${fuse}` }));

describe('F24 the fusebox is flipped under load', () => {
  test('no new batch begins after five seconds, and nothing is lost', async () => {
    const loaded = await createLoaded();
    const delays = await stopUnderLoad(
      [loaded],
      () => flip('sync_engine', false),
      () => flip('sync_engine', true),
    );
    expect(delays[0]).toBeLessThan(BOUND_MS);
  });

  test('nor of a project or an external database that is paused', async () => {
    const [ofOperator, ofOwner] = [await createLoaded(), await createLoaded()];
    const call = (action: 'pause' | 'resume') =>
      Promise.all([
        succeed(
          hexclave.operator.post(`${CONTROLS}/${action}?project_id=${ofOperator.project.keys.projectId}`, {
            reason: 'a test',
          }),
        ),
        succeed(
          ofOwner.project.admin.post(`${CONTROLS}/${action}`, { external_database_id: 'main', reason: 'a test' }),
        ),
      ]);
    const delays = await stopUnderLoad(
      [ofOperator, ofOwner],
      () => call('pause'),
      () => call('resume'),
    );
    for (const ms of delays) expect(ms).toBeLessThan(BOUND_MS);
  });

  test.each([
    ['sequencer', 'not numbered'],
    ['poller', 'queued'],
    ['outgoing_requests', 'queued'],
    ['sync_engine', 'queued'],
  ])('the switch of %s stops every process, and says who, when and why', async (fuse, where) => {
    const project = await hexclave.createProject();
    const external = await project.addExternalDatabase();
    await project.converged(external);
    await project.settled();
    const before = await clock();
    const { [fuse]: switched } = await flip(fuse, false);
    await addUsers(hexclave.db, project.tenancyId, 3);
    await delay(LOOKED_FOR_MS);
    expect(await whereRowsWait(project, external)).toEqual({ arrived: 0, where });
    expect(switched).toMatchObject({
      enabled: false,
      changed: { by: { kind: 'operator', origin: 'api' }, reason: `a test of ${fuse}` },
    });
    expect(switched.changed.at_millis).toBeGreaterThanOrEqual(Math.floor(before));
    await flip(fuse, true);
    await project.converged(external);
  });

  async function whereRowsWait({ tenancyId }: Project, { database }: ExternalDatabase) {
    const [arrived] = await database.db.query<{ count: number }>('SELECT count(*)::int AS count FROM hexclave.users');
    const flagged = await hexclave.db.query(
      'SELECT 1 FROM "ProjectUser" WHERE "tenancyId" = $1 AND "shouldUpdateSequenceId"',
      [tenancyId],
    );
    const queued = await hexclave.db.query(
      'SELECT 1 FROM "OutgoingRequest" WHERE "tenancyId" = $1 AND "startedFulfillingAt" IS NULL',
      [tenancyId],
    );
    return { arrived: arrived?.count, where: flagged.length > 0 ? 'not numbered' : queued.length > 0 ? 'queued' : '' };
  }
});
