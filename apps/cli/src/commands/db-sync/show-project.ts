import type {
  ExternalDatabaseSyncStatus,
  FuseboxPositions,
  MappingSyncStatus,
  ProjectSyncStatus,
} from '@hexclave/contract';
import { printable } from '../../output/printable.ts';
import type { Styles } from '../../output/styles.ts';
import { errorLines, freshness, rate, remedyLines, rowsBehind, stateCell, when } from '../../output/sync-words.ts';
import { table } from '../../output/table.ts';
import { count, counted, duration } from '../../output/words.ts';

const COLUMNS = [
  { name: 'TABLE' },
  { name: 'STATE' },
  { name: 'BEHIND', align: 'right' },
  { name: 'OLDEST', align: 'right' },
  { name: 'RATE', align: 'right' },
  { name: 'PARKED', align: 'right' },
  { name: 'VERIFIED', align: 'right' },
] as const;

/** The copies of one project. */
export function describeProject(status: ProjectSyncStatus, styles: Styles): string {
  const { external_databases: databases, at_millis: now } = status;
  const parts = [
    ...switchedOff(status.pipeline.fusebox, styles),
    ...databases.map((database) => describeDatabase(database, now, styles)),
  ];
  if (databases.length > 0) return parts.join('\n\n');
  const hint = 'This project has no external database. Add one: hexclave db-sync add main';
  return [...parts, hint].join('\n\n');
}

/** A line about what the operator has switched off, if anything. */
export function switchedOff(fusebox: FuseboxPositions, styles: Styles): string[] {
  const off = Object.entries(fusebox)
    .filter(([, enabled]) => !enabled)
    .map(([name]) => name.replaceAll('_', ' '));
  return off.length === 0 ? [] : [styles.yellow(`⏻ Switched off by the operator: ${off.join(', ')}`)];
}

/** One copy: what it is, how fresh it is, `more`, what is wrong, and its tables. */
export function describeDatabase(
  database: ExternalDatabaseSyncStatus,
  now: number,
  styles: Styles,
  more: readonly string[] = [],
): string {
  const { connection, error } = database;
  const { text, style } = stateCell(database.state, styles);
  const place = `${connection.user}@${connection.host}:${connection.port}/${connection.database}, schema ${database.schema}`;
  return [
    `${styles.bold(printable(database.id))}  ${style(text)}  ${freshness(database)}`,
    styles.dim(`${printable(place)}; last written ${when(database.last_applied_at_millis, now)}`),
    ...more,
    ...(error === null ? [] : errorLines(error, now, styles)),
    table(
      COLUMNS,
      database.mappings.map((mapping) => mappingRow(mapping, now, styles)),
      styles,
    ),
    ...database.mappings.flatMap((mapping) => mappingNotes(mapping, now, styles)),
  ].join('\n');
}

function mappingRow(mapping: MappingSyncStatus, now: number, styles: Styles) {
  const { oldest_unsynced_at_millis: oldest, verified_through_millis: verified, parked_rows: parked } = mapping;
  return [
    mapping.target_table,
    stateCell(mapping.state, styles),
    rowsBehind(mapping.rows_behind, mapping.rows_behind_precision),
    oldest === null ? '' : duration(now - oldest),
    rate(mapping.rows_per_second),
    parked === 0 ? '' : { text: count(parked), style: styles.yellow },
    verified === null ? 'not yet' : `${duration(now - verified)} ago`,
  ];
}

/** What a row of the table has no room for. */
function mappingNotes(mapping: MappingSyncStatus, now: number, styles: Styles): string[] {
  const { copy, error, verification_error: unequal, parked_rows: parked } = mapping;
  const name = printable(mapping.target_table);
  return [
    ...(copy === null ? [] : [`  ${name}: copying, ${copied(copy)}`]),
    ...(parked === 0
      ? []
      : [styles.yellow(`  ${name}: ${counted(parked, 'row')} refused by the database, tried again and again`)]),
    ...(error === null ? [] : errorLines(error, now, styles).map((line) => `  ${line}`)),
    ...(unequal === null
      ? []
      : [`${styles.yellow('!')} ${printable(unequal.message)}`, ...remedyLines(unequal.remedy, styles)].map(
          (line) => `  ${line}`,
        )),
  ];
}

function copied({ rows_copied: rows, rows_expected: expected }: NonNullable<MappingSyncStatus['copy']>): string {
  if (expected === null || expected === 0) return counted(rows, 'row');
  return `${count(rows)} of about ${count(expected)} rows (${Math.min(99, Math.floor((rows / expected) * 100))} %)`;
}
