import { createTestDatabase, type TestDatabase, waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addTenancy, queued } from '../outgoing-requests/fixtures/queue.ts';
import { enqueueRequest, enqueueSync } from '../outgoing-requests/queue.ts';
import type { ClaimedRequest, Deliver } from '../outgoing-requests/request.ts';
import { createWaker } from '../waker.ts';
import { createDeliveries } from './deliveries.ts';
import { pollOnce, runPoller } from './poller.ts';

let database: TestDatabase;
let stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  stops = [];
  await database.drop();
});

const DELIVERED = { kind: 'delivered' } as const;

/** Delivers nothing until it is told to stop. */
const hang: Deliver = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

function start(deliver: Deliver, concurrency?: number) {
  const stopping = new AbortController();
  const waker = createWaker();
  const errors: unknown[] = [];
  const { db } = database;
  const onError = (error: unknown) => errors.push(error);
  const deliveries = createDeliveries({ db, deliver, concurrency, onError }, waker.wake, stopping.signal);
  const running = runPoller({ db, deliveries, waker, onError }, stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  stops.push(stop);
  return { waker, stop, errors };
}

async function addSyncs(count: number, externalDatabaseId: string | null = null): Promise<void> {
  await database.db.query(
    `INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "externalDatabaseId", "deduplicationKey")
     SELECT 'sync', gen_random_uuid(), $2, gen_random_uuid()::text FROM generate_series(1, $1::integer)`,
    [count, externalDatabaseId],
  );
}

/** A deliver that hangs for what `isHanging` says, and notes what it delivered. */
function recorder(isHanging: (request: ClaimedRequest) => boolean) {
  const begun: string[] = [];
  const done: string[] = [];
  const deliver: Deliver = async (request, signal) => {
    begun.push(request.id);
    if (isHanging(request)) return hang(request, signal);
    done.push(request.id);
    return DELIVERED;
  };
  return { begun, done, deliver };
}

describe('the poller', () => {
  test('delivers everything, however much more than it can have under way', async () => {
    await addSyncs(200);
    const { done, deliver } = recorder(() => false);
    start(deliver, 4);
    await waitUntil(async () => (await queued(database.db)).length === 0, { describe: 'the queue to be empty' });
    expect(new Set(done).size).toBe(200);
    expect(done).toHaveLength(200);
  });

  test('failing targets that hang fill their own lane: changes elsewhere are delivered', async () => {
    const { db } = database;
    await addSyncs(100, 'main');
    const { begun, done, deliver } = recorder((request) => request.externalDatabaseId !== null);
    const { waker } = start(deliver, 8);
    await waitUntil(() => begun.length === 2, { describe: 'the lane of retries to be full' });
    await addSyncs(50);
    waker.wake();
    await waitUntil(() => done.length === 50, { describe: 'the others to be delivered' });
    expect(begun).toHaveLength(52);
    // What is delivered is removed a moment later.
    const claimed = async () => (await queued(db)).filter(({ state }) => state === 'claimed').length;
    await waitUntil(async () => (await claimed()) === 2, { describe: 'only those that hang to be left' });
  });

  test('targets that hang for the first time leave their places to others', async () => {
    await addSyncs(8);
    const hanging = new Set((await queued(database.db)).map(({ id }) => id));
    const { begun, done, deliver } = recorder((request) => hanging.has(request.id));
    start(deliver, 8);
    await waitUntil(() => begun.length === 8, { describe: 'all places to be taken' });
    await addSyncs(30);
    await waitUntil(() => done.length === 30, { describe: 'the others to be delivered', timeoutMs: 5_000 });
  });

  test('HTTP receivers that hang leave syncs alone', async () => {
    const { db } = database;
    for (let index = 0; index < 40; index++) await enqueueRequest(db, { url: 'https://example.com' });
    const { begun, done, deliver } = recorder((request) => request.kind === 'http');
    const { waker } = start(deliver, 8);
    await waitUntil(() => begun.length === 4, { describe: 'the lane of HTTP requests to be full' });
    await addSyncs(20);
    waker.wake();
    await waitUntil(() => done.length === 20, { describe: 'the syncs to be delivered', timeoutMs: 3_000 });
    expect(begun).toHaveLength(24);
  });

  test('told to stop, it gives back what is under way, for others to take up at once', async () => {
    await addSyncs(3);
    const { begun, deliver } = recorder(() => true);
    const { stop } = start(deliver);
    await waitUntil(() => begun.length === 3, { describe: 'all to be under way' });
    await stop();
    expect(await queued(database.db)).toMatchObject(Array(3).fill({ state: 'waiting', attempts: 0, code: null }));
  });

  test('a deliverer that throws is a failure, whose message is not kept', async () => {
    await addSyncs(1);
    const { errors } = start(async () => {
      throw new TypeError('postgresql://user:s3cret@host');
    });
    await waitUntil(() => errors.length === 1, { describe: 'the failure' });
    await waitUntil(async () => (await queued(database.db))[0]?.code !== null, { describe: 'the failure to be kept' });
    expect(await queued(database.db)).toMatchObject([{ state: 'waiting', attempts: 1, code: 'DELIVERY_FAILED' }]);
    const kept = await database.db.query('SELECT * FROM "OutgoingRequest"');
    expect(JSON.stringify(kept, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
      's3cret',
    );
  });

  test('a database that is gone for a while is asked again', async () => {
    await addSyncs(1);
    const { done, deliver } = recorder(() => false);
    const { db } = database;
    await db.query('ALTER TABLE "OutgoingRequest" RENAME TO "Elsewhere"');
    const { errors } = start(deliver);
    await waitUntil(() => errors.length > 0, { describe: 'the poller to notice' });
    await db.query('ALTER TABLE "Elsewhere" RENAME TO "OutgoingRequest"');
    await waitUntil(() => done.length === 1, { describe: 'the request to be delivered' });
  });
});

describe('one poll', () => {
  const options = (deliver: Deliver) => ({ db: database.db, deliver, onError: () => undefined });
  const never = new AbortController().signal;

  test('delivers what is due, also what becomes due by that, and ends', async () => {
    const { db } = database;
    const tenancy = await addTenancy(db);
    await enqueueSync(db, tenancy);
    let deliveries = 0;
    const deliver: Deliver = async () => {
      deliveries += 1;
      if (deliveries === 1) await enqueueSync(db, tenancy);
      return deliveries === 2 ? { kind: 'again' } : DELIVERED;
    };
    expect(await pollOnce(options(deliver), 10_000, never)).toBe(3);
    expect(await queued(db)).toEqual([]);
  });

  test('ends when its time is up, even if a target hangs', async () => {
    await addSyncs(1);
    const startedAt = performance.now();
    expect(await pollOnce(options(hang), 300, never)).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(await queued(database.db)).toMatchObject([{ state: 'waiting', attempts: 0 }]);
  });
});
