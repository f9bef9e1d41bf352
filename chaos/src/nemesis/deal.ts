import { seededRandom } from '@hexclave/testing/random';
import { QUIET_AFTER } from '../stage/tenancies.ts';
import { FAULTS } from './catalogue.ts';
import type { PlannedFault } from './fault.ts';

/** So many kinds a run: enough to meet each other, few enough to be told apart. */
const KINDS_PER_RUN = 7;
const LEAST_HOLD_MS = 300;
const MOST_HOLD_MS = 1_500;
/** After this share of a run nothing new begins. */
const BEGIN_WITHIN = 0.85;
const MOST_CHOICE = 1_000_000;

/**
 * Deals kinds as from a deck: seeds that follow one another get different ones, so that a few runs have seen all. Times
 * and choices are the seed's own.
 */
export function dealFaults(seed: number, lengthMs: number): PlannedFault[] {
  const random = seededRandom(seed ^ 0x5f3759df);
  const rounds = Math.max(1, Math.round(lengthMs / 5_000));
  return Array.from({ length: KINDS_PER_RUN * rounds }, (_, index) => {
    const kind = kindAt((seed - 1) * KINDS_PER_RUN * rounds + index);
    return {
      kind,
      at: Math.round(lengthMs * beginAt(kind, random.int(1_000) / 1_000)),
      holdMs: LEAST_HOLD_MS + random.int(MOST_HOLD_MS - LEAST_HOLD_MS),
      choice: random.int(MOST_CHOICE),
    };
  }).sort((a, b) => a.at - b.at);
}

/** The share of a run after which a fault begins: `share` of the time that its kind may begin in. */
function beginAt(kind: string, share: number): number {
  const from = FAULTS.find(({ name }) => name === kind)?.late === true ? QUIET_AFTER : 0;
  return from + (BEGIN_WITHIN - from) * share;
}

/** The place in a row of shuffled decks. */
function kindAt(place: number): string {
  const deck = shuffled(Math.floor(place / FAULTS.length));
  return deck[place % FAULTS.length] ?? '';
}

function shuffled(seed: number): string[] {
  const random = seededRandom(seed + 1);
  const names = FAULTS.map(({ name }) => name);
  for (let index = names.length - 1; index > 0; index--) {
    const other = random.int(index + 1);
    [names[index], names[other]] = [names[other] ?? '', names[index] ?? ''];
  }
  return names;
}
