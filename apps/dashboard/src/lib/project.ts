import { queryOptions, useQuery } from '@tanstack/react-query';
import { clientFor } from './clients.ts';

export const projectQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['project', projectId],
    queryFn: ({ signal }) => clientFor(projectId).project.get({ signal }),
    staleTime: 60_000,
  });

export function useProject(projectId: string) {
  return useQuery(projectQuery(projectId));
}
