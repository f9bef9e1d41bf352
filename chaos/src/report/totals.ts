import type { ViolationKind } from '../checks/violation.ts';
import { VIOLATIONS } from '../checks/violation.ts';
import { FAULTS } from '../nemesis/catalogue.ts';
import { isLeftOut } from '../nemesis/clocks.ts';
import type { Outcome } from '../run-plan.ts';

/** What many runs came to together: the figures of the table. */
export type Totals = {
  readonly seeds: number;
  readonly operations: number;
  readonly transactions: { readonly committed: number; readonly rolledBack: number; readonly interrupted: number };
  /** How often each kind of fault really struck. */
  readonly faults: Readonly<Record<string, number>>;
  readonly batches: number;
  readonly duplicates: number;
  readonly fenced: number;
  readonly pairsMidTransfer: number;
  /** What was searched for secrets, besides logs and what is kept. */
  readonly scrapes: number;
  readonly answers: number;
  /** How many runs had violations of each kind. */
  readonly violations: Readonly<Record<ViolationKind, number>>;
  /** In ms; `null` without a run that converged. */
  readonly converged: { readonly p50: number; readonly p95: number; readonly max: number } | null;
  readonly notConverged: number;
};

/** Kinds of faults whose strikes are requests that somebody got twice. */
const DUPLICATING = ['requests duplicated and shuffled', 'leases ended early'];

export function addUp(outcomes: readonly Outcome[]): Totals {
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, one) => total + count(one), 0);
  const struckBy = (name: string) =>
    sum(({ strikes }) => strikes.filter(({ kind }) => kind === name).reduce((total, { struck }) => total + struck, 0));
  const withViolation = (kind: ViolationKind) =>
    outcomes.filter(({ violations }) => violations.some((one) => one.kind === kind)).length;
  const times = outcomes.flatMap(({ convergedAfterMs }) => convergedAfterMs ?? []).sort((a, b) => a - b);
  return {
    seeds: outcomes.length,
    operations: sum(({ writes }) => writes.operations),
    transactions: {
      committed: sum(({ writes }) => writes.committed),
      rolledBack: sum(({ writes }) => writes.rolledBack + writes.refused),
      interrupted: sum(({ writes }) => writes.interrupted),
    },
    faults: Object.fromEntries(FAULTS.map(({ name }) => [name, struckBy(name)])),
    batches: sum(({ batches }) => batches),
    duplicates: DUPLICATING.reduce((total, name) => total + struckBy(name), 0),
    fenced: sum(({ fenced }) => fenced),
    pairsMidTransfer: sum(({ pairsMidTransfer }) => pairsMidTransfer),
    scrapes: sum(({ heard }) => heard.scrapes),
    answers: sum(({ heard }) => heard.answers),
    violations: Object.fromEntries(VIOLATIONS.map((kind) => [kind, withViolation(kind)])) as Totals['violations'],
    converged:
      times.length === 0 ? null : { p50: quantile(times, 0.5), p95: quantile(times, 0.95), max: quantile(times, 1) },
    notConverged: outcomes.length - times.length,
  };
}

/** Of values in order. */
function quantile(values: readonly number[], share: number): number {
  return Math.round(values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0);
}

/** With fewer runs than this some kinds may not even be dealt, or meet nothing. */
const ENOUGH_SEEDS = 25;
/** Kinds of faults that should have struck and never did: they prove nothing. */
export function neverStruck({ seeds, faults }: Totals): string[] {
  if (seeds < ENOUGH_SEEDS) return [];
  return Object.keys(faults).filter((name) => faults[name] === 0 && !isLeftOut(name));
}
