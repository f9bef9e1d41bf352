import type { MappingProfile, ProfileStep, StatementProfile } from '@hexclave/contract';
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useActingOn } from './acting-on.ts';
import { clientFor } from './clients.ts';

/** Others may profile too. */
const LOOK_AGAIN_MS = 30_000;
/** For one statement: the server bounds each, and lets only a few profiles run at once. */
const WAIT_MS = 120_000;

const profilesKey = (projectId: string, databaseId: string) => ['project', projectId, 'profiles', databaseId];

/** The latest runs of every table, the oldest first. */
export const profilesQuery = (projectId: string, databaseId: string) =>
  queryOptions({
    queryKey: profilesKey(projectId, databaseId),
    queryFn: ({ signal }) => clientFor(projectId).dbSync.profiles({ external_database_id: databaseId }, { signal }),
    refetchInterval: LOOK_AGAIN_MS,
  });

/** A profile, as far as it has come. */
export type RunningProfile = { isPending: boolean; error: Error | null; step: ProfileStep | null; start: () => void };

/** Profiles all tables of a database, and tells each statement that is done. A profile ends with the page that has begun it. */
export function useProfile(projectId: string, databaseId: string): RunningProfile {
  const { client, query } = useActingOn(projectId);
  const queryClient = useQueryClient();
  const [step, setStep] = useState<ProfileStep | null>(null);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => {
      const own = new AbortController();
      running.current = own;
      setStep(null);
      const options = { onStep: setStep, signal: own.signal, timeoutMs: WAIT_MS, maxAttempts: 1 };
      return client.dbSync.profile({ external_database_id: databaseId }, query, options);
    },
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: profilesKey(projectId, databaseId) });
      void queryClient.invalidateQueries({ queryKey: ['audit-log'] });
    },
  });
  return { isPending, error, step, start: () => mutate() };
}

/** A statement of the last run of its table. */
export type Latest = { readonly mapping: string; readonly now: StatementProfile };

/** Every statement of the last run of each table. */
export function latestOf(runs: readonly MappingProfile[]): Latest[] {
  const names = [...new Set(runs.map(({ mapping }) => mapping))].sort();
  return names.flatMap((mapping) =>
    (runs.findLast((run) => run.mapping === mapping)?.statements ?? []).map((now) => ({ mapping, now })),
  );
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
