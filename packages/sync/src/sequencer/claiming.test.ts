import { setTimeout as delay } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase, waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addTeam } from '../fixtures/source.ts';
import { addTenancy, claimAll, expireLeases, queued } from '../outgoing-requests/fixtures/queue.ts';
import { enqueueSync } from '../outgoing-requests/queue.ts';
import { completeRequest } from '../outgoing-requests/settle.ts';
import { deliverOne } from '../poller/deliver.ts';
import { createWaker } from '../waker.ts';
import { numberBatch } from './pass.ts';
import { runSequencer } from './sequencer.ts';
import { initialState } from './step.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
  // The first pass begins an epoch, which asks for a sync of everything.
  await numberBatch(database.db, initialState, 0);
});

afterEach(() => database.drop());

/** A tenancy with one changed row. */
async function changed(tenancy?: string): Promise<string> {
  const id = tenancy ?? (await addTenancy(database.db));
  await addTeam(database.db, id);
  return id;
}

const pass = (room: number) => numberBatch(database.db, initialState, room);

describe('a pass with room', () => {
  test('claims the syncs that it queues: nobody else can, until their lease has run out', async () => {
    const tenancy = await changed();
    const { claimed, unclaimed } = await pass(10);
    expect(claimed).toMatchObject([{ kind: 'sync', tenancyId: tenancy, externalDatabaseId: null, attempts: 0 }]);
    expect(unclaimed).toBe(false);
    expect(await claimAll(database.db)).toEqual([]);
    await expireLeases(database.db);
    expect(await claimAll(database.db)).toMatchObject([{ id: claimed[0]?.id, tenancyId: tenancy }]);
  });

  test('completes like any other', async () => {
    await changed();
    const [request] = (await pass(10)).claimed;
    if (request === undefined) throw new Error('nothing was claimed');
    expect(await completeRequest(database.db, request)).toBe(false);
    expect(await queued(database.db)).toEqual([]);
  });

  test('leaves what it has no room for to others', async () => {
    for (let count = 0; count < 3; count++) await changed();
    const { claimed, unclaimed } = await pass(2);
    expect(claimed).toHaveLength(2);
    expect(unclaimed).toBe(true);
    expect(await claimAll(database.db)).toHaveLength(1);
  });

  test('leaves a tenancy alone whose request waits already', async () => {
    const tenancy = await changed();
    await enqueueSync(database.db, tenancy);
    expect(await pass(10)).toMatchObject({ claimed: [], unclaimed: true });
    expect(await queued(database.db)).toMatchObject([{ state: 'waiting' }]);
  });

  test('queues a second one for a tenancy that is being synced, and its end says that there is more', async () => {
    const tenancy = await changed();
    const [first] = (await pass(10)).claimed;
    await changed(tenancy);
    expect((await pass(10)).claimed).toEqual([]);
    expect((await queued(database.db)).map(({ state }) => state).sort()).toEqual(['claimed', 'waiting']);
    if (first === undefined) throw new Error('nothing was claimed');
    expect(await completeRequest(database.db, first)).toBe(true);
  });

  test('claims nothing for a tenancy without an external database', async () => {
    const tenancy = await changed();
    await database.db.query('DELETE FROM "ExternalDatabase" WHERE "tenancyId" = $1', [tenancy]);
    expect(await pass(10)).toMatchObject({ numbered: 1n, claimed: [], unclaimed: false });
    expect(await queued(database.db)).toEqual([]);
  });

  test.each(['pollerEnabled', 'outgoingRequestsEnabled', 'syncEngineEnabled'])(
    'claims nothing while the fuse %s is out, and the sync waits',
    async (fuse) => {
      await changed();
      await database.db.query(`UPDATE "ExternalDbSyncMetadata" SET "${fuse}" = false`);
      expect((await pass(10)).claimed).toEqual([]);
      expect(await queued(database.db)).toMatchObject([{ state: 'waiting' }]);
    },
  );
});

test('a delivery that takes long keeps what was claimed for a moment only', async () => {
  await changed();
  const [request] = (await pass(10)).claimed;
  if (request === undefined) throw new Error('nothing was claimed');
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const deliver = async () => {
    await held;
    return { kind: 'delivered' as const };
  };
  const errors: unknown[] = [];
  const options = { db: database.db, deliver, onError: (error: unknown) => errors.push(error) };
  const delivery = deliverOne(options, request, new AbortController().signal);
  const lasting = () =>
    database.db.query(`SELECT 1 FROM "OutgoingRequest" WHERE "leaseExpiresAt" > now() + interval '40 seconds'`);
  await waitUntil(async () => (await lasting()).length === 1, { describe: 'the lease to be extended' });
  release();
  await delivery;
  expect(errors).toEqual([]);
  expect(await queued(database.db)).toEqual([]);
});

test('the loop hands out what it claims as it finds it, and never more than there is room', async () => {
  const stopping = new AbortController();
  const waker = createWaker();
  const failures: unknown[] = [];
  const given: string[] = [];
  let queuedAnew = 0;
  for (let count = 0; count < 3; count++) await changed();
  const running = runSequencer(
    {
      ...{ db: database.db, waker, room: () => 2 - given.length, onError: (error) => failures.push(error) },
      onClaimed: (request) => given.push(request.id),
      onQueued: () => {
        queuedAnew += 1;
        stopping.abort();
      },
    },
    stopping.signal,
  );
  await Promise.race([running, delay(10_000)]);
  expect(failures).toEqual([]);
  expect(given).toHaveLength(2);
  expect(queuedAnew).toBe(1);
});
