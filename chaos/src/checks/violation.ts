import type { Differences } from './convergence.ts';

/** What can be wrong. */
export const VIOLATIONS = [
  'lost',
  'stale',
  'zombie',
  'cross-tenant',
  'version regression',
  'cursor regression',
  'cursor ahead of data',
  'pair does not add up',
  'unnoticed restore',
  'unsurfaced error',
  'secret leaked',
  'fault not carried out',
] as const;

export type ViolationKind = (typeof VIOLATIONS)[number];

export type Violation = { readonly kind: ViolationKind; readonly what: string };

const SHOWN = 3;

export function describeDifferences({ target, mapping, lost, stale, extra }: Differences): Violation[] {
  const kinds = [
    ['lost', lost],
    ['stale', stale],
    ['zombie', extra],
  ] as const;
  return kinds.flatMap(([kind, keys]) =>
    keys.length === 0
      ? []
      : [
          {
            kind,
            what: `${target} ${mapping}: ${keys.length} rows in the end, e.g. ${keys.slice(0, SHOWN).join(', ')}`,
          },
        ],
  );
}
