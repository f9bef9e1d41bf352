import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';
import { projectQuery } from '../schemas/controls.ts';
import { uuid } from '../schemas/fields.ts';
import { mappingList } from '../schemas/mappings.ts';
import {
  resyncReply,
  resyncRequest,
  verification,
  verificationList,
  verificationRequest,
} from '../schemas/verification.ts';

const tag = 'External DB Sync';

/** What a project's admin may do about its own copies. */
export const enqueueExternalDbSync = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/enqueue',
  access: 'admin',
  tag,
  summary: 'Sync all external databases of the project now',
  description: 'Also those that are failing and would otherwise wait for their next attempt.',
  query: projectQuery,
  status: 200,
  reply: z
    .object({ queued: z.boolean().openapi({ description: '`false` if the project has no external database.' }) })
    .openapi('SyncQueued'),
  errors: ['PROJECT_NOT_FOUND'],
});

export const startVerification = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/verify',
  access: 'admin',
  tag,
  summary: 'Compare an external database with its source',
  description:
    'Queues a run and answers at once; get it by its id to see how far it is. Rows whose changes are on their way are no ' +
    'differences. There is one run at a time on an external database.',
  query: projectQuery,
  body: verificationRequest,
  status: 201,
  reply: verification,
  errors: [
    'PROJECT_NOT_FOUND',
    'EXTERNAL_DATABASE_NOT_FOUND',
    'EXTERNAL_DATABASE_PAUSED',
    'MAPPING_NOT_COPIED',
    'VERIFICATION_UNDER_WAY',
  ],
});

export const listVerifications = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/verify',
  access: 'admin',
  tag,
  summary: 'List verifications, and how far all copies are verified',
  query: projectQuery,
  status: 200,
  reply: verificationList,
  errors: ['PROJECT_NOT_FOUND'],
});

export const getVerification = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/verify/{verification_id}',
  access: 'admin',
  tag,
  summary: 'Get a verification: its progress, and what it found',
  params: z.strictObject({ verification_id: uuid }),
  query: projectQuery,
  status: 200,
  reply: verification,
  errors: ['PROJECT_NOT_FOUND', 'VERIFICATION_NOT_FOUND'],
});

export const resyncExternalDatabase = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/resync',
  access: 'admin',
  tag,
  summary: 'Copy an external database, or one table of it, anew',
  description: 'Without emptying it: whoever reads the copy meanwhile never sees fewer rows than there are.',
  query: projectQuery,
  body: resyncRequest,
  status: 200,
  reply: resyncReply,
  errors: ['PROJECT_NOT_FOUND', 'EXTERNAL_DATABASE_NOT_FOUND', 'MAPPING_NOT_COPIED'],
});

export const listMappings = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/mappings',
  access: 'admin',
  tag,
  summary: 'List the tables that can be copied, with their columns',
  status: 200,
  reply: mappingList,
  errors: [],
});
