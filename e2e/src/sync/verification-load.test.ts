import { setTimeout as delay } from 'node:timers/promises';
import type { DestinationConnection } from '@hexclave/sync';
import { seededRandom, testSeed } from '@hexclave/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { converged, createHarness, differences, type Harness, type Target } from './harness.ts';
import { writeSomething } from './random-writes.ts';
import { addUser, addUsers } from './rows.ts';
import { request, type TestVerifier, verifierOf } from './verifying.ts';

let harness: Harness;
let tenancy: string;
const verifiers: TestVerifier[] = [];

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
});

afterEach(async () => {
  for (const verifier of verifiers.splice(0)) await verifier.close();
  await harness.close();
});

function newVerifier(options: Parameters<typeof verifierOf>[1] = {}): TestVerifier {
  const verifier = verifierOf(harness, options);
  verifiers.push(verifier);
  return verifier;
}

const onTarget = (target: Target, sql: string, values?: unknown[]) =>
  target.database.db.query<Record<string, unknown>>(sql, values);

const WRITE_MS = 5_000;
const SEED = testSeed();

/** Four writers, each a transaction after the other. */
function writing(end: number): Promise<number[]> {
  const write = async (seed: number) => {
    const random = seededRandom(seed);
    let writes = 0;
    for (; performance.now() < end; writes++) {
      // Two may lock the same rows in another order: one of them is told so.
      await writeSomething(harness.db, tenancy, random).catch(() => undefined);
    }
    return writes;
  };
  return Promise.all([1, 2, 3, 4].map((n) => write(SEED + n)));
}

test(`no false alarm while everything is written to, over and over (seed ${SEED})`, async () => {
  await addUsers(harness.db, tenancy, 2_000);
  const target = await harness.addTarget(tenancy);
  harness.start();
  await converged(harness, target);
  const verifier = newVerifier();
  const end = performance.now() + WRITE_MS;
  const written = writing(end);
  const found: unknown[] = [];
  let runs = 0;
  for (; performance.now() < end; runs++) {
    const run = await verifier.verify(target, { repair: runs % 2 === 1 });
    expect(run).toMatchObject({ state: 'finished', errorCode: null });
    found.push(...run.differences);
  }
  expect((await written).reduce((sum, writes) => sum + writes)).toBeGreaterThan(300);
  expect(found).toEqual([]);
  // Something did look different and was looked at more closely, or this test says nothing.
  expect(verifier.load.exchanges).toBeGreaterThan(runs);
  await converged(harness, target);
  expect(verifier.errors).toEqual([]);
}, 90_000);

test('repairs while rows are written to and tampered with never bring back an older version', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 30; count++) ids.push(await addUser(harness.db, tenancy));
  await harness.db.query(`UPDATE "ProjectUser" SET "clientMetadata" = '{"v": 0}'`);
  const target = await harness.addTarget(tenancy);
  harness.start();
  await converged(harness, target);
  await onTarget(target, 'CREATE TABLE public.versions (id uuid PRIMARY KEY, v int NOT NULL)');
  await onTarget(target, 'CREATE TABLE public.backwards (id uuid)');
  await onTarget(
    target,
    `CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO public.backwards SELECT w.id FROM public.versions w WHERE w.id = NEW.id AND w.v > (NEW.client_metadata ->> 'v')::int;
       INSERT INTO public.versions VALUES (NEW.id, (NEW.client_metadata ->> 'v')::int) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
       RETURN NULL; END $$`,
  );
  await onTarget(
    target,
    'CREATE TRIGGER watch AFTER INSERT OR UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION watch()',
  );
  const verifiersAtWork = [newVerifier(), newVerifier()];
  const begun = performance.now();
  let repaired = 0;
  // On a busy machine, repairs are few: it goes on until there were enough to say something.
  const goesOn = () => performance.now() - begun < (repaired > 5 ? 3_000 : 40_000);
  const random = seededRandom(SEED);
  const write = async () => {
    for (let v = 1; goesOn(); v++) {
      await harness.db.query(
        `UPDATE "ProjectUser" SET "clientMetadata" = jsonb_build_object('v', $2::int) WHERE "projectUserId" = $1`,
        [ids[random.int(10)], v],
      );
    }
  };
  const tamper = async () => {
    for (; goesOn(); await delay(20)) {
      await onTarget(target, 'DELETE FROM hexclave.users WHERE id = $1', [ids[random.int(30)]]);
    }
  };
  const countRepaired = async () => {
    const runs = await harness.db.query<{ differences: { outcome: string }[] }>(
      'SELECT "differences" FROM "VerificationRun"',
    );
    return runs.flatMap((run) => run.differences).filter(({ outcome }) => outcome === 'repaired').length;
  };
  const repair = async ({ workOff }: TestVerifier) => {
    while (goesOn()) {
      // Another's run may be under way: then this one takes it up, or finds nothing to do.
      await request(harness.db, target, true).catch(() => undefined);
      await workOff(1_000, new AbortController().signal);
      repaired = await countRepaired();
    }
  };
  await Promise.all([write(), tamper(), ...verifiersAtWork.map(repair)]);
  expect(repaired).toBeGreaterThan(5);
  await verifiersAtWork[0]?.workOff(20_000, new AbortController().signal);
  await verifiersAtWork[0]?.verify(target, { repair: true });
  await converged(harness, target);
  expect(await onTarget(target, 'SELECT * FROM public.backwards')).toEqual([]);
}, 90_000);

test('one changed row among 100,000 is found with few statements, none of which looks at many rows', async () => {
  await addUsers(harness.db, tenancy, 100_000);
  const target = await harness.addTarget(tenancy);
  await harness.sync(tenancy);
  const [row] = await onTarget(target, 'SELECT id FROM hexclave.users OFFSET 61803 LIMIT 1');
  await onTarget(target, "UPDATE hexclave.users SET display_name = 'changed' WHERE id = $1", [row?.id]);
  const verifier = newVerifier();
  const run = await verifier.verify(target, { mapping: 'users', repair: true });
  expect(run.differences).toEqual([{ mapping: 'users', kind: 'different', key: [row?.id], outcome: 'repaired' }]);
  expect(run.result[0]).toMatchObject({ rows: 100_000, different: 1, repaired: 1 });
  expect(verifier.load.mostRows).toBeLessThanOrEqual(8_000);
  // Ranges are as large as 4,000 rows on a machine that is at rest, and smaller on a busy one.
  expect(verifier.load.statements).toBeLessThan(500);
}, 120_000);

test('many rows too many in one place are found in pieces, and removed', async () => {
  await addUsers(harness.db, tenancy, 20);
  const target = await harness.addTarget(tenancy);
  await harness.sync(tenancy);
  await onTarget(
    target,
    `INSERT INTO hexclave.users SELECT gen_random_uuid(), 'stray', NULL, NULL, false, now(), NULL, NULL, NULL, false FROM generate_series(1, 3000)`,
  );
  const verifier = newVerifier();
  const run = await verifier.verify(target, { repair: true });
  expect(run.result[0]).toMatchObject({ extra: 3_000, repaired: 3_000, remaining: 0, rows: 20 });
  expect(run.differences).toHaveLength(1_000);
  expect(verifier.load.mostRows).toBeLessThanOrEqual(8_000);
  expect(await differences(harness, target)).toEqual([]);
});

test('a run whose process is killed is taken up where it was; a run that ended is not', async () => {
  await addUsers(harness.db, tenancy, 6_000);
  const target = await harness.addTarget(tenancy);
  await harness.sync(tenancy);
  await onTarget(
    target,
    'DELETE FROM hexclave.users WHERE id IN (SELECT id FROM hexclave.users ORDER BY id DESC LIMIT 3)',
  );
  const killed = new AbortController();
  let ranges = 0;
  const dying = newVerifier({
    via: (connection: DestinationConnection) => {
      const { verification } = connection;
      if (verification === undefined) return connection;
      const rowsOf: typeof verification.rowsOf = (table) => {
        // As after SIGKILL: from here on nothing of it is written anywhere.
        if (++ranges > 2) killed.abort();
        return verification.rowsOf(table);
      };
      return { ...connection, verification: { ...verification, rowsOf } };
    },
  });
  const run = await request(harness.db, target, true, 'users');
  await dying.workOff(60_000, killed.signal);
  const kept = () =>
    harness.db.query<{ state: string; progress: { after: unknown } | null; rows: number }>(
      `SELECT "state", "progress", ("result" -> 0 ->> 'rows')::int AS rows FROM "VerificationRun" WHERE "id" = $1`,
      [run.id],
    );
  const [halfway] = await kept();
  expect(halfway).toMatchObject({ state: 'running' });
  expect(halfway?.progress?.after).not.toBeNull();
  expect(halfway?.rows).toBeGreaterThan(0);
  expect(halfway?.rows).toBeLessThan(6_000);

  const heir = newVerifier();
  const signal = new AbortController().signal;
  await harness.db.query(`UPDATE "VerificationRun" SET "leaseExpiresAt" = now() + interval '1 minute'`);
  expect(await heir.workOff(10_000, signal)).toBe(0);
  await harness.db.query('UPDATE "VerificationRun" SET "leaseExpiresAt" = now()');
  expect(await heir.workOff(10_000, signal)).toBe(1);
  expect(await kept()).toEqual([{ state: 'finished', progress: null, rows: 6_000 }]);
  expect(await differences(harness, target)).toEqual([]);
  expect(await heir.workOff(10_000, signal)).toBe(0);
});
