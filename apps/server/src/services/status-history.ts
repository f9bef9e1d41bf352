import type { StatusHistory } from '@hexclave/contract';
import type { DatabasePoint, PipelinePoint } from '@hexclave/sync';

/** How far back the charts go. */
export const HISTORY_MS = 60 * 60_000;

export function pipelineHistory(points: readonly PipelinePoint[]): StatusHistory['pipeline'] {
  return points.map((point) => ({
    at_millis: point.at.getTime(),
    rows_numbered_per_second: point.numberedPerSecond,
    rows_applied_per_second: point.appliedPerSecond,
    rows_pending: point.rowsPending,
    requests_pending: point.requestsPending,
    requests_in_flight: point.requestsInFlight,
    oldest_due_millis: point.oldestDueMs,
    failing_projects: point.failingProjects,
  }));
}

export function databaseHistory(
  points: ReadonlyMap<string, readonly DatabasePoint[]>,
): StatusHistory['external_databases'] {
  return [...points].map(([id, samples]) => ({ external_database_id: id, samples: samples.map(sampleOf) }));
}

function sampleOf({
  at,
  behindMs,
  mappings,
}: DatabasePoint): StatusHistory['external_databases'][number]['samples'][number] {
  const all = Object.values(mappings);
  const counted = all.every(({ behind }) => behind !== null);
  return {
    at_millis: at.getTime(),
    rows_per_second: all.reduce((sum, { perSecond }) => sum + perSecond, 0),
    rows_behind: counted ? all.reduce((sum, { behind }) => sum + (behind ?? 0), 0) : null,
    behind_millis: behindMs,
    mappings: Object.fromEntries(
      Object.entries(mappings).map(([name, { perSecond, behind }]) => [
        name,
        { rows_per_second: perSecond, rows_behind: behind },
      ]),
    ),
  };
}
