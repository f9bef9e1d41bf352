import type { CountPrecision, ExternalDatabaseSyncStatus, SyncError, SyncState } from '@hexclave/contract';
import { printable, printableLines } from './printable.ts';
import type { Styles } from './styles.ts';
import { ago, count, duration, moment } from './words.ts';

const MARKS = { fresh: '●', behind: '◐', failing: '✗', paused: '⏸' } as const;

/** The state as a mark and a word, in its colour. */
export function stateCell(state: SyncState | null, styles: Styles) {
  const colours = { fresh: styles.green, behind: styles.yellow, failing: styles.red, paused: styles.dim };
  return state === null
    ? { text: '– none', style: styles.dim }
    : { text: `${MARKS[state]} ${state}`, style: colours[state] };
}

/** `1,234`, `≥ 10,000`, `~ 5,000` */
export function rowsBehind(rows: number, precision: CountPrecision): string {
  if (precision === 'exact') return count(rows);
  return `${precision === 'at_least' ? '≥' : '~'} ${count(rows)}`;
}

/** `12.5/s`; nothing when nothing moves. */
export function rate(rowsPerSecond: number): string {
  if (rowsPerSecond === 0) return '';
  return `${rowsPerSecond < 10 ? rowsPerSecond.toFixed(1) : count(Math.round(rowsPerSecond))}/s`;
}

/** How fresh a copy is, in words: "all changes up to 12:03:07.412, 4 ms behind". */
export function freshness(database: ExternalDatabaseSyncStatus): string {
  const { fresh_through_millis: through, behind_millis: behind, paused } = database;
  if (through === null || behind === null) return paused ? 'paused' : 'the first copy is not complete';
  const time = new Date(through).toISOString().slice(11, 23);
  if (behind === 0) return `all changes up to ${time} UTC`;
  return `all changes up to ${time} UTC, ${duration(behind)} behind`;
}

/** What is wrong, since when, what happens next, and what to do. */
export function errorLines(error: SyncError, now: number, styles: Styles): string[] {
  const sqlState = error.sql_state === null ? '' : `, SQLSTATE ${printable(error.sql_state)}`;
  const next = error.next_attempt_at_millis;
  const due = next === null || next <= now ? 'due' : `in ${duration(next - now)}`;
  return [
    `${styles.red('✗')} ${printable(error.message)} ${styles.dim(`(${printable(error.code)}${sqlState})`)}`,
    styles.dim(
      `  failing for ${duration(now - error.failing_since_millis)}, ${error.attempts} attempts, the next one ${due}`,
    ),
    ...remedyLines(error.remedy, styles),
  ];
}

/** The remedy may be several lines of SQL. */
export function remedyLines(remedy: string, styles: Styles): string[] {
  const [first = '', ...more] = printableLines(remedy).split('\n');
  return [`${styles.yellow('→')} ${first}`, ...more.map((line) => `  ${line}`)];
}

/** `2026-11-22 23:41:43 UTC (3 min ago)` */
export function when(milliseconds: number | null, now: number): string {
  return milliseconds === null ? 'never' : `${moment(milliseconds)} (${ago(milliseconds, now)})`;
}
