import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';
import { auditLog, auditQuery } from '../schemas/audit.ts';
import {
  connectionTest,
  connectionTestRequest,
  connectionTestStep,
  roleSql,
  roleSqlQuery,
} from '../schemas/connection-test.ts';
import {
  fusebox,
  fuseboxUpdate,
  pauseList,
  pauseRequest,
  projectQuery,
  resumeRequest,
  retryReply,
  retryRequest,
} from '../schemas/controls.ts';

const tag = 'Controls';

export const getFusebox = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/fusebox',
  access: 'admin',
  internalOnly: true,
  tag,
  summary: 'Get the switches of the pipeline, with who flipped them, when and why',
  status: 200,
  reply: fusebox,
  errors: [],
});

export const updateFusebox = defineRoute({
  method: 'patch',
  path: '/internal/external-db-sync/fusebox',
  access: 'admin',
  internalOnly: true,
  tag,
  summary: 'Flip switches of the pipeline',
  description: 'Takes effect on every server process within five seconds. Nothing is lost while a part is off.',
  body: fuseboxUpdate,
  status: 200,
  reply: fusebox,
  errors: [],
});

export const listPauses = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/pauses',
  access: 'admin',
  tag,
  summary: 'List what is paused, with who did it, when and why',
  query: projectQuery.extend({
    scope: z.enum(['tenancy', 'all']).default('tenancy').openapi({
      description: '`all`: of all projects, for admins of the project `internal`.',
    }),
  }),
  status: 200,
  reply: pauseList,
  errors: ['PROJECT_NOT_FOUND', 'EXPECTED_INTERNAL_PROJECT'],
});

export const pauseSync = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/pause',
  access: 'admin',
  tag,
  summary: 'Pause a project, or one external database of it',
  description:
    'Within five seconds nothing more is written there. Changes are kept, and arrive after the pause. The admin of a ' +
    'project pauses as its owner; an admin of the project `internal` that names another project pauses as the operator.',
  query: projectQuery,
  body: pauseRequest,
  status: 200,
  reply: pauseList,
  errors: ['PROJECT_NOT_FOUND', 'EXTERNAL_DATABASE_NOT_FOUND'],
});

export const resumeSync = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/resume',
  access: 'admin',
  tag,
  summary: 'End a pause',
  description: 'Ends the pause of the side that asks. What the other side has paused stays paused; see the answer.',
  query: projectQuery,
  body: resumeRequest,
  status: 200,
  reply: pauseList,
  errors: ['PROJECT_NOT_FOUND', 'EXTERNAL_DATABASE_NOT_FOUND'],
});

export const retrySync = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/retry',
  access: 'admin',
  tag,
  summary: 'Try an external database, or one table of it, again now',
  description: 'What waits for its next attempt is due at once.',
  query: projectQuery,
  body: retryRequest,
  status: 200,
  reply: retryReply,
  errors: ['PROJECT_NOT_FOUND', 'EXTERNAL_DATABASE_NOT_FOUND', 'EXTERNAL_DATABASE_PAUSED', 'MAPPING_NOT_COPIED'],
});

export const testConnection = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/test-connection',
  access: 'admin',
  limit: 'connectionTests',
  tag,
  summary: 'Test a connection, before or after it is saved',
  description:
    'Connects as a sync would, and says step by step how far it comes. Nothing is created or left in the database. ' +
    'With `accept: text/event-stream` each step is sent as it finishes, as the event `step`; then comes `result`, which ' +
    'is the same as the answer in JSON, or `error`. The test ends when its caller hangs up. Limited to a few in a minute.',
  body: connectionTestRequest,
  query: projectQuery,
  status: 200,
  reply: connectionTest,
  steps: connectionTestStep,
  errors: ['PROJECT_NOT_FOUND', 'EXTERNAL_DATABASE_NOT_FOUND', 'CONFIG_INVALID'],
});

export const getRoleSql = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/role-sql',
  access: 'admin',
  tag,
  summary: 'Get the SQL of a role that may do no more than is needed',
  query: roleSqlQuery,
  status: 200,
  reply: roleSql,
  errors: [],
});

export const listAuditEvents = defineRoute({
  method: 'get',
  path: '/internal/audit-log',
  access: 'admin',
  tag,
  summary: 'List who changed what, the newest first',
  description:
    'Kept for a year. A project’s admin sees what was done to the project, an operator’s acts included. Of sign-ins to the ' +
    'dashboard that fail, those from one address within an hour are one event, with their number at `after.attempts`.',
  query: auditQuery,
  status: 200,
  reply: auditLog,
  errors: ['PROJECT_NOT_FOUND'],
});
