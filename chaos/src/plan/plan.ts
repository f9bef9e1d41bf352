import { type Random, seededRandom } from '@hexclave/testing/random';
import { dealFaults } from '../nemesis/deal.ts';
import type { PlannedFault } from '../nemesis/fault.ts';
import { QUIET_AFTER, TENANCIES } from '../stage/tenancies.ts';
import { chooseOperation } from '../workload/catalogue.ts';
import type { Transaction } from '../workload/transaction.ts';

/** Everything that a run will do, as a value: the same seed makes the same plan. */
export type Plan = {
  readonly seed: number;
  /** How long writes and faults go on, in ms. */
  readonly lengthMs: number;
  readonly transactions: readonly Transaction[];
  readonly faults: readonly PlannedFault[];
};

export const WRITERS = 4;
const TRANSACTIONS_PER_SECOND = 30;
const MOST_OPERATIONS = 20;
const SHARES = { hot: 0.7, cold: 0.15, quiet: 0.15 } as const;

export function makePlan(seed: number, seconds: number): Plan {
  const random = seededRandom(seed);
  const lengthMs = seconds * 1_000;
  const count = Math.round(seconds * TRANSACTIONS_PER_SECOND);
  const transactions = Array.from({ length: count }, (_, index) => {
    const at = Math.round((index / count) * lengthMs);
    return chooseTransaction(random, at, at / lengthMs);
  });
  return { seed, lengthMs, transactions, faults: dealFaults(seed, lengthMs) };
}

function chooseTransaction(random: Random, at: number, progress: number): Transaction {
  const tenancy = chooseTenancy(random, progress);
  const size = 1 + random.int(MOST_OPERATIONS);
  return {
    at,
    writer: random.int(WRITERS),
    operations: Array.from({ length: size }, () => chooseOperation(random, tenancy)),
    outcome: random.chance(0.1) ? 'rollback' : 'commit',
    openMs: random.chance(0.06) ? random.int(400) : 0,
  };
}

function chooseTenancy(random: Random, progress: number): number {
  for (;;) {
    const tenancy = random.int(TENANCIES.length);
    const temper = TENANCIES[tenancy]?.temper ?? 'cold';
    if (temper === 'quiet' && progress > QUIET_AFTER) continue;
    if (random.chance(SHARES[temper])) return tenancy;
  }
}
