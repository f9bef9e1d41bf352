import type { Verification } from '@hexclave/contract';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useActingOn } from './acting-on.ts';
import { clientFor } from './clients.ts';

/** While something is under way it is looked at each second. */
const WATCH_MS = 1_000;
/** Others may pause, resume and verify too. */
const LOOK_AGAIN_MS = 10_000;

const pausesKey = (projectId: string) => ['project', projectId, 'pauses'];
const verificationsKey = (projectId: string) => ['project', projectId, 'verifications'];

type Pausable = { id: string; paused: boolean };

/**
 * Who has paused the project, or one of its databases, and why. Looked at again as soon as the live status has seen that
 * one is paused, or no longer is.
 */
export function usePauses(projectId: string, databases: readonly Pausable[]) {
  const queryClient = useQueryClient();
  const paused = databases.flatMap(({ id, paused: isPaused }) => (isPaused ? id : [])).join(' ');
  const seen = useRef(paused);
  useEffect(() => {
    if (seen.current === paused) return;
    seen.current = paused;
    void queryClient.invalidateQueries({ queryKey: pausesKey(projectId) });
  }, [queryClient, projectId, paused]);
  return useQuery({
    queryKey: pausesKey(projectId),
    queryFn: ({ signal }) => clientFor(projectId).dbSync.pauses({}, { signal }),
    refetchInterval: LOOK_AGAIN_MS,
  });
}

/** The latest verification of a database, followed as long as it is under way. */
export function useLatestVerification(projectId: string, databaseId: string) {
  return useQuery({
    queryKey: verificationsKey(projectId),
    queryFn: ({ signal }) => clientFor(projectId).dbSync.verifications({ signal }),
    select: ({ items }) => items.find(({ external_database_id: id }) => id === databaseId) ?? null,
    refetchInterval: ({ state }) => (state.data?.items.some(isUnderWay) ? WATCH_MS : LOOK_AGAIN_MS),
  });
}

export function isUnderWay({ state }: Pick<Verification, 'state'>): boolean {
  return state === 'queued' || state === 'running';
}

/** What can be done about one external database. */
export function useDatabaseActions(projectId: string, databaseId: string) {
  const { client, query } = useActingOn(projectId);
  const queryClient = useQueryClient();
  const database = { external_database_id: databaseId };
  const refresh = (queryKey: string[]) => () => {
    void queryClient.invalidateQueries({ queryKey });
    void queryClient.invalidateQueries({ queryKey: ['audit-log'] });
  };
  return {
    pause: useMutation({
      mutationFn: (reason: string) => client.dbSync.pause({ ...database, reason }, query),
      onSuccess: refresh(pausesKey(projectId)),
    }),
    resume: useMutation({
      mutationFn: () => client.dbSync.resume(database, query),
      onSuccess: refresh(pausesKey(projectId)),
    }),
    retry: useMutation({
      mutationFn: (mapping?: string) => client.dbSync.retry({ ...database, ...(mapping && { mapping }) }, query),
      onSuccess: refresh(['audit-log']),
    }),
    resync: useMutation({
      mutationFn: (mapping?: string) =>
        client.call('resyncExternalDatabase', { query, body: { ...database, ...(mapping && { mapping }) } }),
      onSuccess: refresh(['audit-log']),
    }),
    verify: useMutation({
      mutationFn: (options: { repair: boolean; mapping?: string }) =>
        client.call('startVerification', { query, body: { ...database, ...options } }),
      onSuccess: refresh(verificationsKey(projectId)),
    }),
  };
}

export type DatabaseActions = ReturnType<typeof useDatabaseActions>;

/** The rates and backlogs of the last hour. */
export const databaseHistoryQuery = (projectId: string, databaseId: string) =>
  queryOptions({
    queryKey: ['project', projectId, 'history', databaseId],
    queryFn: async ({ signal }) => {
      const history = await clientFor(projectId).dbSync.history({ external_database_id: databaseId }, { signal });
      return history.external_databases[0]?.samples ?? [];
    },
    refetchInterval: LOOK_AGAIN_MS,
  });

/** SQL of a role that may do what a copy needs; again for other names. */
export const roleSqlQuery = (projectId: string, names: { role: string; database: string; schema: string }) =>
  queryOptions({
    queryKey: ['project', projectId, 'role-sql', names],
    queryFn: ({ signal }) => clientFor(projectId).dbSync.roleSql(names, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
