import type { StatusSnapshot } from '@hexclave/contract';
import { printable } from '../../../output/printable.ts';
import { sparkline } from '../../../output/sparkline.ts';
import type { Styles } from '../../../output/styles.ts';
import { rate } from '../../../output/sync-words.ts';
import { count, duration } from '../../../output/words.ts';
import { pipelineLines, projectsTable, totalsLine } from '../show-all.ts';
import { describeDatabase, switchedOff } from '../show-project.ts';
import { type History, PIPELINE, type Sample } from './history.ts';

/** What the view is made of. Times are in ms by the clock of the internal database. */
export type View = {
  readonly status: StatusSnapshot | undefined;
  readonly history: History;
  readonly now: number;
  /** Why nothing new comes. */
  readonly disconnected: { readonly message: string; readonly retryInMs: number } | undefined;
  readonly isHeld: boolean;
};

/** One picture of the live view. */
export function frame(view: View, styles: Styles): string {
  const body = view.status === undefined ? ['Connecting …'] : bodyLines(view.status, view, styles);
  const head = view.status === undefined ? [] : [headLine(view, styles), ''];
  return [...head, ...body, '', styles.dim('q quits   p holds the picture')].join('\n');
}

function headLine({ status, now, disconnected, isHeld }: View, styles: Styles): string {
  const what = status?.scope === 'tenancy' ? `project ${printable(status.project_id)}` : 'all projects';
  const time = `${new Date(now).toISOString().slice(11, 19)} UTC`;
  return `${styles.bold('hexclave')}  ${what}  ${time}  ${connection(disconnected, isHeld, styles)}`;
}

function connection(disconnected: View['disconnected'], isHeld: boolean, styles: Styles): string {
  if (disconnected !== undefined) {
    const { message, retryInMs } = disconnected;
    return styles.red(`✗ ${printable(message)} Connecting again in ${duration(retryInMs)}; what you see is old.`);
  }
  return isHeld ? styles.yellow('held') : styles.green('live');
}

function bodyLines(status: StatusSnapshot, { history, now }: View, styles: Styles): string[] {
  if (status.scope === 'all') {
    return [
      totalsLine(status.totals, styles),
      ...switchedOff(status.pipeline.fusebox, styles),
      ...pipelineLines(status.pipeline, now),
      ...bars(history.get(PIPELINE) ?? [], styles),
      '',
      projectsTable(status.projects, now, styles),
      ...(status.projects_left_out > 0 ? [styles.dim(`… and ${count(status.projects_left_out)} more`)] : []),
    ];
  }
  const databases = status.external_databases.flatMap((database) => [
    describeDatabase(database, now, styles, bars(history.get(database.id) ?? [], styles)),
    '',
  ]);
  const none = 'This project has no external database. Add one: hexclave db-sync add main';
  return [
    ...switchedOff(status.pipeline.fusebox, styles),
    ...(databases.length === 0 ? [none] : databases.slice(0, -1)),
  ];
}

function bars(samples: readonly Sample[], styles: Styles): string[] {
  const last = samples.at(-1);
  if (last === undefined) return [];
  const lag = last.lagMs === null ? 'unknown' : duration(last.lagMs);
  return [
    `${styles.dim('rate   ')} ${styles.cyan(sparkline(samples.map((one) => one.rate)))} ${rate(last.rate) || 'idle'}`,
    `${styles.dim('backlog')} ${styles.cyan(sparkline(samples.map((one) => one.backlog)))} ${count(last.backlog)}`,
    `${styles.dim('lag    ')} ${styles.cyan(sparkline(samples.map((one) => one.lagMs)))} ${lag}`,
  ];
}
