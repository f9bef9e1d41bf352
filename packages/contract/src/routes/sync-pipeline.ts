import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';

/** What drives the pipeline where no long-lived process does: called by schedulers and other servers, not by clients. */
const tag = 'External DB Sync';

const DEFAULT_DURATION_MS = 55_000;
const MOST_DURATION_MS = 300_000;

const durationQuery = z.strictObject({
  maxDurationMs: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_DURATION_MS)
    .default(DEFAULT_DURATION_MS)
    .openapi({ description: 'When to stop, in ms, even if there is more to do.' }),
});

export const runSequencer = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/sequencer',
  access: 'cron',
  tag,
  summary: 'Number changed rows and queue their syncs',
  description: 'Until none is left or the time is up. May run any number of times at once.',
  query: durationQuery,
  status: 200,
  reply: z.object({ numbered: z.int().openapi({ description: 'How many rows.' }) }).openapi('SequencerRun'),
  errors: [],
});

export const runPoller = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/poller',
  access: 'cron',
  tag,
  summary: 'Deliver outgoing requests that are due',
  description: 'Until none is left or the time is up. May run any number of times at once.',
  query: durationQuery,
  status: 200,
  reply: z
    .object({ delivered: z.int().openapi({ description: 'How many were taken up, failures included.' }) })
    .openapi('PollerRun'),
  errors: [],
});

export const runVerifier = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/verifier',
  access: 'cron',
  tag,
  summary: 'Compare external databases with their source',
  description:
    'Those that somebody asked to have verified, and then the one that has waited longest, until the time is up.',
  query: durationQuery,
  status: 200,
  reply: z.object({ turns: z.int().openapi({ description: 'How often one was taken up.' }) }).openapi('VerifierRun'),
  errors: [],
});

export const runSyncEngine = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/sync-engine',
  access: 'signature',
  tag,
  summary: 'Take one signed outgoing request and sync',
  body: z
    .strictObject({
      tenancyId: z.uuid(),
      externalDatabaseId: z.string().max(1_000).nullable(),
      requestId: z.string().max(200).openapi({ description: 'The same as in the header `x-hexclave-request-id`.' }),
    })
    .openapi('SyncEngineRequest'),
  status: 200,
  reply: z
    .object({ finished: z.boolean().openapi({ description: '`false`: there is more to do, ask again.' }) })
    .openapi('SyncEngineRun'),
  errors: ['SYNC_ENGINE_DISABLED'],
});
