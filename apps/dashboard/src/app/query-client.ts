import { ApiError } from '@hexclave/sdk';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { endsSession } from '../lib/errors.ts';
import { sessionQuery } from '../lib/session.ts';

const MAX_RETRIES = 2;

/** Holds what was fetched. A request that finds the session ended sends whoever made it to the sign-in. */
export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error) => noteEndOfSession(client, error) }),
    mutationCache: new MutationCache({ onError: (error) => noteEndOfSession(client, error) }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // The SDK has tried again already where the network failed.
        retry: (failures, error) => failures < MAX_RETRIES && !(error instanceof ApiError && error.status < 500),
      },
    },
  });
  return client;
}

function noteEndOfSession(client: QueryClient, error: unknown): void {
  if (endsSession(error)) client.setQueryData(sessionQuery.queryKey, null);
}
