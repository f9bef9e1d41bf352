import { createTestDatabase, type TestDatabase } from '@hexclave/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addTenancy, claimAll, claimOne, queued } from '../outgoing-requests/fixtures/queue.ts';
import { enqueueRequest, enqueueSync } from '../outgoing-requests/queue.ts';
import { endFutureTimes } from './clock-set-back.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** As if everything had been written by a clock that was an hour ahead. */
async function setClockBack(): Promise<void> {
  const later = (...columns: readonly string[]) =>
    columns.map((one) => `"${one}" = "${one}" + interval '1 hour'`).join();
  await database.db.query(
    `UPDATE "OutgoingRequest" SET ${later('notBefore', 'startedFulfillingAt', 'leaseExpiresAt')}`,
  );
  await database.db.query(`UPDATE "ExternalDatabaseState" SET ${later('nextAttemptAt')}`);
}

test('claims and pauses from a clock that was set back an hour are over; what is as it should be stays', async () => {
  const { db } = database;
  const tenancy = await addTenancy(db);
  await enqueueSync(db, tenancy);
  const lost = await claimOne(db);
  await db.query(
    `INSERT INTO "ExternalDatabaseState" ("tenancyId", "externalDatabaseId", "errorCode", "attempts", "nextAttemptAt")
     VALUES ($1, 'main', 'TARGET_UNREACHABLE', 1, now() + interval '1 minute')`,
    [tenancy],
  );
  await endFutureTimes(db);
  expect(await claimAll(db)).toEqual([]);

  await setClockBack();
  expect(await claimAll(db)).toEqual([]);
  await endFutureTimes(db);
  expect((await claimOne(db)).id).toBe(lost.id);
  expect(await db.query('SELECT "nextAttemptAt" <= now() AS due FROM "ExternalDatabaseState"')).toEqual([
    { due: true },
  ]);
});

test('a sync that waits is due; a request that its caller has put off waits', async () => {
  const { db } = database;
  await db.query('DELETE FROM "OutgoingRequest"');
  const tenancy = await addTenancy(db);
  await enqueueSync(db, tenancy);
  const notBefore = new Date(Date.now() + 24 * 3_600_000);
  await enqueueRequest(db, { method: 'POST', url: 'https://example.com/hook', notBefore });
  await setClockBack();
  // Waits on although somebody has asked again.
  await enqueueSync(db, tenancy);
  expect(await claimAll(db)).toEqual([]);
  await endFutureTimes(db);
  const delays = (await queued(db)).map(({ delayMs }) => delayMs > 0);
  expect(delays.sort()).toEqual([false, true]);
});
