/**
 * Keys are the same in every tenancy, and few: rows are deleted and created again all the time, and a row that reached
 * the wrong tenancy would overwrite one.
 */
const KINDS = { user: 1, channel: 2, team: 3, bulk: 4, pair: 5 } as const;

export type KeyKind = keyof typeof KINDS;

/** How many keys of each kind single operations choose from. */
export const KEYS = 24;

export function keyOf(kind: KeyKind, number: number): string {
  return `${KINDS[kind]}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
