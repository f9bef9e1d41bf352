import type { AllSyncStatus, PipelineStatus, ProjectSyncSummary, SyncTotals } from '@hexclave/contract';
import { printable } from '../../output/printable.ts';
import type { Styles } from '../../output/styles.ts';
import { rate, rowsBehind, stateCell } from '../../output/sync-words.ts';
import { table } from '../../output/table.ts';
import { count, counted, duration } from '../../output/words.ts';
import { moreLine } from '../paging.ts';
import { switchedOff } from './show-project.ts';

const COLUMNS = [
  { name: 'PROJECT' },
  { name: 'ID' },
  { name: 'STATE' },
  { name: 'BEHIND', align: 'right' },
  { name: 'FOR', align: 'right' },
  { name: 'PARKED', align: 'right' },
  { name: 'ERROR' },
] as const;

/** All projects, what needs most attention first. */
export function describeAll(status: AllSyncStatus, styles: Styles): string {
  return [
    totalsLine(status.totals, styles),
    ...switchedOff(status.pipeline.fusebox, styles),
    ...pipelineLines(status.pipeline, status.at_millis),
    '',
    projectsTable(status.items, status.at_millis, styles),
    ...moreLine(status.pagination.next_cursor, styles),
  ].join('\n');
}

export function totalsLine(totals: SyncTotals, styles: Styles): string {
  const { fresh, behind, failing, paused } = totals;
  const shown = Object.entries({ fresh, behind, failing, paused } as const).map(([state, projects]) => {
    const { style } = stateCell(state as keyof SyncTotals & ProjectSyncSummary['state'], styles);
    const text = `${count(projects)} ${state}`;
    return projects === 0 ? styles.dim(text) : style(text);
  });
  return `${counted(totals.projects, 'project')} with ${counted(totals.external_databases, 'external database')}: ${shown.join(', ')}`;
}

/** One line for each stage. */
export function pipelineLines(
  { sequencer, outgoing_requests: requests, sync_engine: engine, servers }: PipelineStatus,
  now: number,
): string[] {
  const pending = sequencer.pending.reduce((sum, { rows }) => sum + rows, 0);
  const isExact = sequencer.pending.every(({ rows_precision: precision }) => precision === 'exact');
  const oldest = requests.oldest_due_at_millis;
  const waiting = oldest === null ? '' : `, the oldest due for ${duration(now - oldest)}`;
  return [
    `sequencer  ${rowsBehind(pending, isExact ? 'exact' : 'at_least')} to number ${rate(sequencer.rows_per_second)}`.trimEnd(),
    `requests   ${rowsBehind(requests.pending, requests.pending_precision)} waiting, ${count(requests.in_flight)} in flight, ${count(requests.retrying)} retrying, ${count(requests.stale)} stale${waiting}`,
    `engine     ${rate(engine.rows_per_second) || 'idle'}; ${counted(servers.length, 'server')}: ${servers.map(({ host, process_id: id }) => printable(`${host}/${id}`)).join(', ')}`,
  ];
}

export function projectsTable(projects: readonly ProjectSyncSummary[], now: number, styles: Styles): string {
  if (projects.length === 0) return styles.dim('No project here.');
  return table(
    COLUMNS,
    projects.map((project) => [
      project.display_name,
      project.project_id,
      stateCell(project.state, styles),
      rowsBehind(project.rows_behind, project.rows_behind_precision),
      lag(project, now),
      project.parked_rows === 0 ? '' : count(project.parked_rows),
      project.error === null
        ? ''
        : { text: `${project.error.external_database_id}: ${project.error.code}`, style: styles.red },
    ]),
    styles,
  );
}

function lag({ failing_since_millis: failing, behind_millis: behind }: ProjectSyncSummary, now: number): string {
  if (failing !== null) return duration(now - failing);
  return behind === null || behind === 0 ? '' : duration(behind);
}
