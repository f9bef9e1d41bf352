import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';

/** What a project's admin may do about its own copies. */
export const enqueueExternalDbSync = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/enqueue',
  access: 'admin',
  tag: 'External DB Sync',
  summary: 'Sync all external databases of the project now',
  description: 'Also those that are failing and would otherwise wait for their next attempt.',
  status: 200,
  reply: z
    .object({ queued: z.boolean().openapi({ description: '`false` if the project has no external database.' }) })
    .openapi('SyncQueued'),
  errors: [],
});
