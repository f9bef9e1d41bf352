import { type Engine, syncNow } from '@hexclave/sync';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHarness, differences, type Harness, type Target } from './harness.ts';
import { addUser, rename } from './rows.ts';
import { type TestVerifier, verifierOf } from './verifying.ts';

let harness: Harness;
let verifier: TestVerifier;
let tenancy: string;
let target: Target;
let engine: Engine;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
  verifier = verifierOf(harness);
  engine = harness.newEngine();
});

afterEach(async () => {
  await verifier.close();
  await harness.close();
  expect(verifier.errors).toEqual([]);
});

const onTarget = (sql: string) => target.database.db.query<Record<string, unknown>>(sql);
const resultOfUsers = (run: Awaited<ReturnType<TestVerifier['verify']>>) =>
  run.result.find(({ mapping }) => mapping === 'users');

async function verifiedThrough(): Promise<{ users: Date | null; all: Date | null }> {
  const [row] = await harness.db.query<{ users: Date | null; all: Date | null }>(
    `SELECT m."verifiedThrough" AS users, s."verifiedThrough" AS all FROM "ExternalDatabaseMappingState" m
     JOIN "ExternalDatabaseState" s USING ("tenancyId", "externalDatabaseId") WHERE m."mapping" = 'users'`,
  );
  return row ?? { users: null, all: null };
}

/** Syncs as far as what is queued for the target alone asks for it, with the engine that knew the target before. */
async function syncWhatIsQueued(): Promise<void> {
  const queued = await harness.db.query<{ id: string | null }>(
    `SELECT "externalDatabaseId" AS id FROM "OutgoingRequest" WHERE "tenancyId" = $1 AND "externalDatabaseId" IS NOT NULL`,
    [tenancy],
  );
  for (const { id } of queued) {
    await engine.sync({ tenancyId: tenancy, externalDatabaseId: id, maxDurationMs: 20_000 });
  }
}

/** Has the target see a change, and takes that back, together with the position, while the engine stays connected. */
async function setBack(): Promise<void> {
  const user = await addUser(harness.db, tenancy, { name: 'v0' });
  await harness.sync(tenancy, engine);
  await onTarget('CREATE TABLE saved_users AS TABLE hexclave.users');
  await onTarget('CREATE TABLE saved_metadata AS TABLE hexclave._hexclave_sync_metadata');
  await rename(harness.db, user, 'v1');
  await harness.sync(tenancy, engine);
  await onTarget('TRUNCATE hexclave.users; INSERT INTO hexclave.users TABLE saved_users');
  await onTarget(
    'TRUNCATE hexclave._hexclave_sync_metadata; INSERT INTO hexclave._hexclave_sync_metadata TABLE saved_metadata',
  );
}

describe('a target that was set back, while nothing is written any more', () => {
  test('to an older position and its rows: is not told as verified, and replayed', async () => {
    await setBack();
    expect(resultOfUsers(await verifier.verify(target))).toMatchObject({ unsettled: 1, remaining: 0 });
    expect(await verifiedThrough()).toEqual({ users: null, all: null });
    await syncWhatIsQueued();
    expect(await differences(harness, target)).toEqual([]);
    expect(resultOfUsers(await verifier.verify(target))).toMatchObject({ unsettled: 0 });
    const through = await verifiedThrough();
    expect([through.users, through.all]).not.toContain(null);
  });

  test('is replayed as soon as somebody has the project synced', async () => {
    await setBack();
    expect(await harness.db.transaction((tx) => syncNow(tx, tenancy))).toBe(true);
    await syncWhatIsQueued();
    expect(await differences(harness, target)).toEqual([]);
  });

  test('without its positions: is copied anew', async () => {
    await addUser(harness.db, tenancy);
    await harness.sync(tenancy, engine);
    await onTarget('TRUNCATE hexclave._hexclave_sync_metadata');
    await onTarget('DELETE FROM hexclave.users');
    expect(resultOfUsers(await verifier.verify(target))).toMatchObject({ state: 'skipped', reason: 'COPY_UNDER_WAY' });
    await syncWhatIsQueued();
    expect(await differences(harness, target)).toEqual([]);
  });
});
