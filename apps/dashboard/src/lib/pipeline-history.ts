import { queryOptions } from '@tanstack/react-query';
import { clientFor } from './clients.ts';

/** As often as there is a new sample. */
const SAMPLED_EVERY_MS = 10_000;

/** Rates, queues and delays of the whole pipeline over the last hour. */
export const pipelineHistoryQuery = queryOptions({
  queryKey: ['pipeline-history'],
  queryFn: ({ signal }) => clientFor('internal').dbSync.history({ scope: 'all' }, { signal }),
  refetchInterval: SAMPLED_EVERY_MS,
});
