import type { FuseboxPositions } from '@hexclave/contract';
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { clientFor } from './clients.ts';

const operator = clientFor('internal');
/** Others may flip switches too. */
const LOOK_AGAIN_MS = 5_000;

export type FuseName = keyof FuseboxPositions;

export const fuseboxQuery = queryOptions({
  queryKey: ['fusebox'],
  queryFn: ({ signal }) => operator.dbSync.fusebox.get({ signal }),
  refetchInterval: LOOK_AGAIN_MS,
});

export const allPausesQuery = queryOptions({
  queryKey: ['all-pauses'],
  queryFn: ({ signal }) => operator.dbSync.pauses({ scope: 'all' }, { signal }),
  refetchInterval: LOOK_AGAIN_MS,
});

/** Flips one switch of the pipeline, for all projects. */
export function useFlipFuse() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ fuse, enabled, reason }: { fuse: FuseName; enabled: boolean; reason: string }) =>
      operator.dbSync.fusebox.update({ [fuse]: enabled, reason }),
    onSuccess: (fusebox) => {
      queryClient.setQueryData(fuseboxQuery.queryKey, fusebox);
      void queryClient.invalidateQueries({ queryKey: ['audit-log'] });
    },
  });
}

/** Ends a pause that an operator has made. */
export function useResume() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ projectId, databaseId }: { projectId: string; databaseId: string | null }) =>
      operator.call('resumeSync', {
        query: { project_id: projectId },
        body: databaseId === null ? {} : { external_database_id: databaseId },
      }),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['all-pauses'] });
      void queryClient.invalidateQueries({ queryKey: ['audit-log'] });
    },
  });
}
