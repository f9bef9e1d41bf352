import type { Verification } from '@hexclave/contract';
import { printable } from '../../output/printable.ts';
import type { Styles } from '../../output/styles.ts';
import { remedyLines } from '../../output/sync-words.ts';
import { count, counted } from '../../output/words.ts';

const SHOWN_DIFFERENCES = 20;
const NAME_WIDTH = 22;
const KINDS = ['missing', 'extra', 'different', 'repaired', 'parked', 'unsettled'] as const;

/** A line for each table, the first differences, and what to do. */
export function describeVerification(run: Verification, styles: Styles): string {
  const shown = run.differences.slice(0, SHOWN_DIFFERENCES);
  const isUnequal = run.mappings.some(({ remaining }) => remaining > 0);
  return [
    ...run.mappings.map((mapping) => describeMapping(mapping, styles)),
    ...shown.map(({ mapping, kind, key, outcome }) =>
      printable(`    ${mapping} ${key.join(', ')}: ${kind}, ${outcome}`),
    ),
    ...(run.differences.length > shown.length ? [styles.dim('    … more with --json')] : []),
    ...(run.error === null
      ? []
      : [printable(`${run.error.code}: ${run.error.message}`), ...remedyLines(run.error.remedy, styles)]),
    ...(isUnequal && !run.repair ? [`${styles.yellow('→')} Put them right with --repair.`] : []),
  ].join('\n');
}

function describeMapping(found: Verification['mappings'][number], styles: Styles): string {
  const name = `  ${printable(found.mapping).padEnd(NAME_WIDTH)}`;
  if (found.state === 'skipped') return `${name} ${styles.yellow('–')} not compared: ${printable(found.reason ?? '')}`;
  const counts = KINDS.filter((kind) => found[kind] > 0).map((kind) => `${count(found[kind])} ${kind}`);
  const mark = found.remaining === 0 ? styles.green('✓') : styles.red('✗');
  return `${name} ${mark} ${counted(found.rows, 'row')}${counts.length === 0 ? ', all equal' : `: ${counts.join(', ')}`}`;
}
