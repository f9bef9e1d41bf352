import { expect, test } from 'vitest';
import { makePlan, type Plan } from './plan.ts';
import { shrink } from './shrink.ts';

const BOUNDS = { mostReplays: 1_000, mostMs: 60_000, triesEach: 1 };
const plan = makePlan(7, 5);
const needed = { fault: plan.faults[3], operation: plan.transactions[40]?.operations[0] };

function hasWhatFails({ faults, transactions }: Plan): boolean {
  const operations = transactions.flatMap((transaction) => transaction.operations);
  return faults.some((one) => one === needed.fault) && operations.some((one) => one === needed.operation);
}

const whatIsNeeded = {
  ...plan,
  faults: [needed.fault],
  transactions: [{ ...plan.transactions[40], operations: [needed.operation] }],
};

test('what the failure needs is left, and nothing else: faults go first, then transactions, then operations', async () => {
  const tried: string[] = [];
  const shrunk = await shrink(plan, async (smaller) => hasWhatFails(smaller), {
    ...BOUNDS,
    onProgress: (line) => tried.push(/with \d+ of \d+ (\w+)/.exec(line)?.[1] ?? line),
  });
  expect(shrunk).toMatchObject({ plan: whatIsNeeded, isDone: true, replays: tried.length });
  expect(tried.filter((what, place) => what !== tried[place - 1])).toEqual(['faults', 'transactions', 'operations']);
});

test('a failure that shows itself in every third replay only is made as small', async () => {
  let replays = 0;
  const flaky = async (smaller: Plan) => ++replays % 3 === 0 && hasWhatFails(smaller);
  const shrunk = await shrink(plan, flaky, { ...BOUNDS, triesEach: 3 });
  expect(shrunk).toMatchObject({ plan: whatIsNeeded, isDone: true, replays });
});

test.each([
  ['replays', { ...BOUNDS, mostReplays: 5 }, 5],
  ['time', { ...BOUNDS, mostMs: 0 }, 0],
])('it ends when its %s are over, with what still fails', async (_, bounds, replays) => {
  const shrunk = await shrink(plan, async (smaller) => hasWhatFails(smaller), bounds);
  expect(shrunk).toMatchObject({ isDone: false, replays });
  expect(hasWhatFails(shrunk.plan)).toBe(true);
});
