import type { ExternalDatabaseSyncStatus, ProjectSyncStatus } from '@hexclave/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useActingOn } from './acting-on.ts';
import { statusFeed } from './live-status.ts';

/** A sync that somebody has asked for. */
export type Enqueued = {
  /** By the server's clock. */
  atMillis: number;
  /** `false`: there is nothing to sync. */
  isQueued: boolean;
  /** By database: attempts that had failed in a row by then. */
  attempts: ReadonlyMap<string, number>;
};

/** What has become of it in one external database. */
export type EnqueueOutcome = 'awaited' | 'synced' | 'failed' | 'paused';

/** Asks for a sync of all external databases, those included that would wait for their next attempt. */
export function useEnqueue(projectId: string) {
  const { client, query } = useActingOn(projectId);
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (): Promise<Enqueued> => {
      const { status, clockAheadMs } = statusFeed('tenancy', projectId).get();
      const databases = status?.scope === 'tenancy' ? status.external_databases : [];
      const attempts = new Map(databases.map((database) => [database.id, attemptsOf(database)]));
      const { queued } = await client.call('enqueueExternalDbSync', { query });
      return { atMillis: Date.now() + clockAheadMs, isQueued: queued, attempts };
    },
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: ['audit-log'] }),
  });
}

type Status = Pick<ProjectSyncStatus, 'at_millis'> & { pipeline: { requests: Requests } };
type Requests = Pick<ProjectSyncStatus['pipeline']['requests'], 'due' | 'in_flight'>;

/** By what the live status says of a database since. */
export function outcomeIn(
  { atMillis, attempts }: Enqueued,
  { at_millis: now, pipeline: { requests } }: Status,
  database: ExternalDatabaseSyncStatus,
): EnqueueOutcome {
  if (database.state === 'paused') return 'paused';
  // Parked rows alone make a database one that fails, too; but no attempt at it has.
  const failed = attemptsOf(database);
  if (failed > 0) return failed > (attempts.get(database.id) ?? 0) ? 'failed' : 'awaited';
  return now > atMillis && requests.due + requests.in_flight === 0 ? 'synced' : 'awaited';
}

/** Of the database as a whole and of its tables. */
function attemptsOf({ error, mappings }: ExternalDatabaseSyncStatus): number {
  return [error, ...mappings.map((mapping) => mapping.error)].reduce((sum, each) => sum + (each?.attempts ?? 0), 0);
}
