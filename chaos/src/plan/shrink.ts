import type { Plan } from './plan.ts';

/** Whether a plan, run again, still fails. */
export type StillFails = (plan: Plan) => Promise<boolean>;

/**
 * Makes a failing plan smaller: first without faults that it does not need, then without transactions. Halves first,
 * single ones last. What fails only now and then may be kept although it is not needed, never the other way round.
 */
export async function shrink(plan: Plan, stillFails: StillFails, mostRuns: number): Promise<Plan> {
  let runs = 0;
  const test = async (candidate: Plan) => {
    runs += 1;
    return runs <= mostRuns && (await stillFails(candidate));
  };
  const faults = await dropped(plan.faults, (left) => test({ ...plan, faults: left }));
  const transactions = await dropped(plan.transactions, (left) => test({ ...plan, faults, transactions: left }));
  return { ...plan, faults, transactions };
}

/** The parts that are left when as many as possible have been taken away. */
async function dropped<T>(
  all: readonly T[],
  isEnough: (left: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = all;
  for (let size = kept.length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < kept.length; ) {
      const left = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (await isEnough(left)) kept = left;
      else start += size;
    }
  }
  return kept;
}
