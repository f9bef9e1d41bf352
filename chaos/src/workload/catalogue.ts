import type { Random } from '@hexclave/testing/random';
import { BULK } from './bulk.ts';
import { CHANNELS } from './channels.ts';
import type { Operation, OperationKind } from './operation.ts';
import { PAIRS } from './pair.ts';
import { TEAMS } from './teams.ts';
import { USERS } from './users.ts';

/** Every kind of write, by name. */
export const OPERATIONS: Readonly<Record<string, OperationKind>> = {
  ...USERS,
  ...CHANNELS,
  ...TEAMS,
  ...BULK,
  ...PAIRS,
};

const TOTAL_WEIGHT = Object.values(OPERATIONS).reduce((sum, { weight }) => sum + weight, 0);
/** Weights have at most one decimal. */
const GRAIN = 10;

export function kindOf({ kind }: Operation): OperationKind {
  const found = OPERATIONS[kind];
  if (found === undefined) throw new Error(`There is no operation called ${kind}`);
  return found;
}

/** One write of a tenancy, chosen at random. */
export function chooseOperation(random: Random, tenancy: number): Operation {
  let left = random.int(Math.round(TOTAL_WEIGHT * GRAIN));
  for (const [kind, { weight, choose }] of Object.entries(OPERATIONS)) {
    left -= Math.round(weight * GRAIN);
    if (left < 0) return { kind, tenancy, ...choose(random) };
  }
  throw new Error('the weights do not add up');
}
