import type { ApiKeySetCreate } from '@hexclave/contract';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useActingOn } from './acting-on.ts';

/** The sets of keys of a project, and what can be done with them. */
export function useApiKeys(projectId: string) {
  const { client, query } = useActingOn(projectId);
  const queryClient = useQueryClient();
  const queryKey = ['project', projectId, 'api-keys'];
  const refresh = () => queryClient.invalidateQueries({ queryKey });
  return {
    list: useQuery({ queryKey, queryFn: ({ signal }) => client.call('listApiKeySets', { query }, { signal }) }),
    create: useMutation({
      mutationFn: (body: ApiKeySetCreate) => client.call('createApiKeySet', { query, body }),
      onSuccess: refresh,
    }),
    revoke: useMutation({
      mutationFn: (id: string) =>
        client.call('updateApiKeySet', { query, params: { api_key_id: id }, body: { revoked: true } }),
      onSuccess: refresh,
    }),
  };
}
