import type { MappingProfile, StatementProfile } from '@hexclave/contract';
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useActingOn } from './acting-on.ts';
import { clientFor } from './clients.ts';

/** Others may profile too. */
const LOOK_AGAIN_MS = 30_000;
/** The server bounds every statement; all tables together may take a while on one that is in trouble. */
const WAIT_MS = 240_000;

const profilesKey = (projectId: string, databaseId: string) => ['project', projectId, 'profiles', databaseId];

/** The latest runs of every table, the oldest first. */
export const profilesQuery = (projectId: string, databaseId: string) =>
  queryOptions({
    queryKey: profilesKey(projectId, databaseId),
    queryFn: ({ signal }) => clientFor(projectId).dbSync.profiles({ external_database_id: databaseId }, { signal }),
    refetchInterval: LOOK_AGAIN_MS,
  });

/** Profiles all tables of a database. */
export function useProfile(projectId: string, databaseId: string) {
  const { client, query } = useActingOn(projectId);
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () =>
      client.dbSync.profile({ external_database_id: databaseId }, query, { timeoutMs: WAIT_MS, maxAttempts: 1 }),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: profilesKey(projectId, databaseId) });
      void queryClient.invalidateQueries({ queryKey: ['audit-log'] });
    },
  });
}

/** One statement now, and in the run before that measured it. */
export type Compared = {
  readonly mapping: string;
  readonly now: StatementProfile;
  readonly before: StatementProfile | undefined;
};

/** Every statement of the last run of each table, beside the one before. */
export function compareRuns(runs: readonly MappingProfile[]): Compared[] {
  const names = [...new Set(runs.map(({ mapping }) => mapping))].sort();
  return names.flatMap((mapping) => {
    const [latest, ...earlier] = runs.filter((run) => run.mapping === mapping).reverse();
    return (latest?.statements ?? []).map((now) => ({
      mapping,
      now,
      before: earlier
        .flatMap(({ statements }) => statements)
        .find(({ statement, measures }) => statement === now.statement && measures !== null),
    }));
  });
}

/** What was read of tables and indexes, in bytes; `null`: not measured. */
export function pagesOf({ measures }: StatementProfile): number | null {
  if (measures?.buffers_hit === undefined || measures.buffers_read === undefined) return null;
  return measures.buffers_hit + measures.buffers_read;
}

/** In ms; `null`: not measured. */
export function timeOf({ measures }: StatementProfile): number | null {
  return measures?.execution_time ?? null;
}
