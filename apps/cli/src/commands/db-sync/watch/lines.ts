import type { StatusSnapshot } from '@hexclave/contract';
import { printable } from '../../../output/printable.ts';
import { freshness, rate, rowsBehind } from '../../../output/sync-words.ts';
import { moment } from '../../../output/words.ts';

/** What there is to say of each copy, or project, by its id: for pipes, in which only what is different is printed. */
export function factLines(status: StatusSnapshot): Map<string, string> {
  const prefix = `${moment(status.at_millis)}  `;
  if (status.scope === 'all') {
    return new Map(
      status.projects.map((project) => [
        project.tenancy_id,
        `${prefix}${printable(project.project_id)}  ${project.state}  ${rowsBehind(project.rows_behind, project.rows_behind_precision)} behind${errorOf(project.error)}`,
      ]),
    );
  }
  return new Map(
    status.external_databases.map((database) => [
      database.id,
      `${prefix}${printable(database.id)}  ${database.state}  ${rowsBehind(database.rows_behind, database.rows_behind_precision)} behind  ${freshness(database)}  ${rate(database.rows_per_second)}${errorOf(database.error)}`.trimEnd(),
    ]),
  );
}

function errorOf(error: { readonly code: string; readonly message: string } | null): string {
  return error === null ? '' : `  ${printable(`${error.code}: ${error.message}`)}`;
}

/** What a reader would call the same: without times and rates, which always change. */
export function signatures(status: StatusSnapshot): Map<string, string> {
  if (status.scope === 'all') {
    return new Map(
      status.projects.map((one) => [one.tenancy_id, [one.state, one.rows_behind, one.error?.code].join(' ')]),
    );
  }
  return new Map(
    status.external_databases.map((one) => [
      one.id,
      [one.state, one.rows_behind, one.last_applied_at_millis, one.error?.code].join(' '),
    ]),
  );
}
