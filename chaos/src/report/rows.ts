import type { MutantResult } from '../mutants/mutant.ts';
import { isLeftOut } from '../nemesis/clocks.ts';
import type { Totals } from './totals.ts';

/** Everything that a run reports. */
export type Report = { readonly totals: Totals; readonly mutants: readonly MutantResult[] };

const number = (value: number): string => value.toLocaleString('en-US');
const numbers = (...values: readonly number[]): string => values.map(number).join(' / ');

/** The one table, row by row. */
export function rowsOf({ totals, mutants }: Report): [string, string][] {
  const { transactions, converged, faults } = totals;
  const killed = mutants.filter((mutant) => mutant.killed).length;
  return [
    ['seeds', number(totals.seeds)],
    ['operations', number(totals.operations)],
    [
      'transactions: committed / rolled back / interrupted',
      numbers(transactions.committed, transactions.rolledBack, transactions.interrupted),
    ],
    ...Object.entries(faults).map(([name, struck]): [string, string] => [
      `fault: ${name}`,
      isLeftOut(name) ? 'left out: libfaketime is not installed' : number(struck),
    ]),
    ['batches', number(totals.batches)],
    ['duplicates', number(totals.duplicates)],
    ['fenced batches', number(totals.fenced)],
    ['pairs seen between two transfers (allowed)', number(totals.pairsMidTransfer)],
    ['searched for secrets: scrapes of metrics / answers', numbers(totals.scrapes, totals.answers)],
    ...Object.entries(totals.violations).map(([kind, runs]): [string, string] => [`runs with: ${kind}`, number(runs)]),
    ['runs that did not converge', number(totals.notConverged)],
    [
      'time to converge p50 / p95 / max',
      converged === null ? '' : `${numbers(converged.p50, converged.p95, converged.max)} ms`,
    ],
    ['mutants killed', mutants.length === 0 ? 'not asked for' : `${killed} of ${mutants.length}`],
  ];
}
