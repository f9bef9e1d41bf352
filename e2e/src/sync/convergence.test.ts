import { setTimeout as delay } from 'node:timers/promises';
import { retryability } from '@hexclave/db';
import { type Random, seededRandom, testSeed } from '@hexclave/testing';
import { afterEach, expect, test } from 'vitest';
import { converged, createHarness, differences, type Harness, type Target } from './harness.ts';
import { writeSomething } from './random-writes.ts';

const WRITE_MS = 20_000;
const WRITERS = 4;
/** HEXCLAVE_TEST_SEED repeats the choices of a run, though not how its transactions meet. */
const SEED = testSeed();

let harness: Harness;

afterEach(() => harness.close());

test(`random transactions, targets that are cut off now and then: in the end all copies are equal (seed ${SEED})`, async () => {
  console.log(`HEXCLAVE_TEST_SEED=${SEED}`);
  harness = await createHarness();
  const busy = [await harness.addTenancy(), await harness.addTenancy(), await harness.addTenancy()] as const;
  const quiet = await harness.addTenancy();
  const targets: Target[] = [];
  for (const tenancy of [...busy, quiet]) targets.push(await harness.addTarget(tenancy, 'one'));
  targets.push(await harness.addTarget(busy[0], 'two'));
  await writeSomething(harness.db, quiet, seededRandom(SEED));
  for (let count = 0; count < 3; count++) harness.start();

  const end = performance.now() + WRITE_MS;
  const counts = { committed: 0, rolledBack: 0 };
  const writers = Array.from({ length: WRITERS }, (_, index) =>
    writeUntil(end, busy, seededRandom(SEED + index), counts),
  );
  const terminator = terminateUntil(end, targets, seededRandom(SEED - 1));
  await Promise.all([...writers, terminator]);

  expect(counts.committed).toBeGreaterThan(100);
  expect(counts.rolledBack).toBeGreaterThan(5);
  for (const target of targets) await converged(harness, target, 30_000);
  await delay(200);
  for (const target of targets) expect(await differences(harness, target)).toEqual([]);
  expect(harness.failures.filter((failure) => !failure.includes('TARGET_UNREACHABLE'))).toEqual([]);
}, 90_000);

type Tenancies = readonly [string, ...string[]];

async function writeUntil(
  end: number,
  tenancies: Tenancies,
  random: Random,
  counts: { committed: number; rolledBack: number },
): Promise<void> {
  while (performance.now() < end) {
    const committed = await writeTransaction(tenancies, random);
    counts[committed ? 'committed' : 'rolledBack']++;
    await delay(random.int(20));
  }
}

/** Returns whether it was committed. */
async function writeTransaction(tenancies: Tenancies, random: Random): Promise<boolean> {
  const isRolledBack = random.chance(0.1);
  try {
    await harness.db.transaction(
      async (tx) => {
        const steps = 1 + random.int(20);
        for (let step = 0; step < steps; step++) {
          await writeSomething(tx, random.pick(tenancies), random);
          if (random.chance(0.05)) await delay(random.int(60));
        }
        if (isRolledBack) throw new RolledBack();
      },
      { attempts: 1 },
    );
    return true;
  } catch (error) {
    // Writers get in each other's way: deadlocks, and values that are taken.
    const expected = error instanceof RolledBack || retryability(error) === 'transaction' || isTaken(error);
    if (!expected) throw error;
    return false;
  }
}

class RolledBack extends Error {}

function isTaken(error: unknown): boolean {
  return ['23505', '23503'].includes((error as { code?: string }).code ?? '');
}

/** Breaks the engines' sessions at one target after the other, at work or idle. */
async function terminateUntil(end: number, targets: readonly Target[], random: Random): Promise<void> {
  while (performance.now() < end) {
    await delay(300 + random.int(900));
    const target = targets[random.int(targets.length)];
    await target?.database.db.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hexclave'`,
    );
  }
}
