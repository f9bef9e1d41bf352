import { ApiError } from '@hexclave/sdk';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { noteRefusal, onSessionEnd, sessionQuery } from '../lib/session.ts';

const MAX_RETRIES = 2;

/** Holds what was fetched. Whoever finds the session ended sends the page to the sign-in. */
export function createQueryClient(): QueryClient {
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: noteRefusal }),
    mutationCache: new MutationCache({ onError: noteRefusal }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // The SDK has tried again already where the network failed.
        retry: (failures, error) => failures < MAX_RETRIES && !(error instanceof ApiError && error.status < 500),
      },
    },
  });
  onSessionEnd(() => client.setQueryData(sessionQuery.queryKey, null));
  return client;
}
