import type { Transaction } from '../workload/transaction.ts';
import type { Plan } from './plan.ts';

/** Whether a plan, run again, still fails. */
export type StillFails = (plan: Plan) => Promise<boolean>;

export type ShrinkOptions = {
  /** No replay begins after so many, or so long. */
  readonly mostReplays: number;
  readonly mostMs: number;
  /** What fails only now and then: so often a smaller plan is tried before it counts as one that passes. */
  readonly triesEach: number;
  /** Told after every smaller plan that was tried. */
  readonly onProgress?: (line: string) => void;
};

export type Shrunk = {
  readonly plan: Plan;
  readonly replays: number;
  /** Whether everything that is left is needed, as far as its tries tell; otherwise a bound was reached. */
  readonly isDone: boolean;
};

/**
 * Makes a failing plan smaller: first without faults that it does not need, then without transactions, then without single
 * operations of those. Halves first, single ones last. What fails only now and then may be kept although it is not needed,
 * never the other way round.
 */
export async function shrink(plan: Plan, stillFails: StillFails, options: ShrinkOptions): Promise<Shrunk> {
  const replayer = createReplayer(stillFails, options);
  let smaller = plan;
  const drop = async <T>(what: string, all: readonly T[], withOnly: (left: readonly T[]) => Plan) => {
    const left = await dropped(all, (some) =>
      replayer.fails(withOnly(some), `${some.length} of ${all.length} ${what}`),
    );
    smaller = withOnly(left);
  };
  await drop('faults', smaller.faults, (faults) => ({ ...smaller, faults }));
  await drop('transactions', smaller.transactions, (transactions) => ({ ...smaller, transactions }));
  const { transactions } = smaller;
  const operations = transactions.flatMap((transaction) => transaction.operations);
  await drop('operations', operations, (left) => ({ ...smaller, transactions: withOperations(transactions, left) }));
  return { plan: smaller, replays: replayer.replays(), isDone: !replayer.isOver() };
}

function createReplayer(stillFails: StillFails, options: ShrinkOptions) {
  const { mostReplays, mostMs, triesEach, onProgress } = options;
  const until = performance.now() + mostMs;
  let replays = 0;
  let refused = false;
  const mayReplay = () => replays < mostReplays && performance.now() < until;
  const fails = async (plan: Plan, left: string): Promise<boolean> => {
    for (let attempt = 1; attempt <= triesEach; attempt++) {
      if (!mayReplay()) {
        refused = true;
        return false;
      }
      replays += 1;
      const hasFailed = await stillFails(plan);
      onProgress?.(`replay ${replays} of at most ${mostReplays}: with ${left} it ${hasFailed ? 'fails' : 'passes'}`);
      if (hasFailed) return true;
    }
    return false;
  };
  return { fails, replays: () => replays, isOver: () => refused };
}

/** The parts that are left when as many as possible have been taken away. Nothing at all is tried once. */
async function dropped<T>(
  all: readonly T[],
  isEnough: (left: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (all.length === 0 || (await isEnough([]))) return [];
  let kept = all;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < kept.length; ) {
      const left = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (left.length > 0 && (await isEnough(left))) kept = left;
      else start += size;
    }
  }
  return kept;
}

/** Transactions with those operations that are left; without any, a transaction goes too. */
function withOperations(
  transactions: readonly Transaction[],
  left: readonly Transaction['operations'][number][],
): Transaction[] {
  const kept = new Set(left);
  return transactions
    .map((transaction) => ({ ...transaction, operations: transaction.operations.filter((one) => kept.has(one)) }))
    .filter(({ operations }) => operations.length > 0);
}
