import { z } from '@hono/zod-openapi';
import { millis, pageOf, pageQuery } from './fields.ts';

/** Everything that is written down, by what it is about. */
export const AUDIT_ACTIONS = [
  'fusebox.change',
  'project.create',
  'project.update',
  'project.delete',
  'project.pause',
  'project.resume',
  'api_key.create',
  'api_key.update',
  'api_key.revoke',
  'external_database.add',
  'external_database.change',
  'external_database.remove',
  'external_database.pause',
  'external_database.resume',
  'external_database.test_connection',
  'sync.enqueue',
  'sync.retry',
  'sync.resync',
  'sync.verify',
  'sync.repair',
  'sync.profile',
  'session.sign_in',
  'session.sign_out',
] as const;

const auditAction = z.enum(AUDIT_ACTIONS);

/** Who did something: a key, and what it was used from. */
export const actor = z
  .object({
    kind: z.enum(['operator', 'owner', 'server', 'unknown']).openapi({
      description:
        '`operator`: an admin of the project `internal`; `owner`: of the project itself; `server`: the server by itself; ' +
        '`unknown`: who could not sign in to the dashboard.',
    }),
    key_set_id: z
      .string()
      .nullable()
      .openapi({ description: 'Null to others than the operator where it is the operator’s.' }),
    key_hint: z.string().nullable().openapi({ description: 'The last four characters of the key.' }),
    origin: z.enum(['api', 'dashboard', 'cli', 'server']).openapi({
      description: 'What the request came from, by its own word (header `x-hexclave-origin`).',
    }),
  })
  .openapi('Actor');

const stateOf = (when: string) =>
  z
    .record(z.string(), z.unknown())
    .nullable()
    .openapi({ description: `What was changed, as it was ${when}. Never a secret.` });

export const auditEvent = z
  .object({
    id: z.string(),
    at_millis: millis,
    action: auditAction,
    project_id: z.string().nullable().openapi({ description: 'Null: the whole installation.' }),
    external_database_id: z.string().nullable(),
    mapping: z.string().nullable(),
    actor,
    before: stateOf('before'),
    after: stateOf('after'),
    reason: z.string().nullable(),
    result: z.enum(['done', 'queued', 'failed']).openapi({
      description: '`queued`: the work itself goes on in the background. `failed`: it was tried, e.g. a connection.',
    }),
    request_id: z.string().nullable().openapi({ description: 'The same as in the log of the server.' }),
  })
  .openapi('AuditEvent');

export const auditLog = pageOf(auditEvent).openapi('AuditLog');

const DEFAULT_PAGE = 100;
const MOST_ON_A_PAGE = 1_000;

export const auditQuery = z.strictObject({
  ...pageQuery(DEFAULT_PAGE, MOST_ON_A_PAGE),
  project_id: z.string().optional().openapi({
    description: 'For admins of the project `internal`, who see all projects without it.',
  }),
  external_database_id: z.string().optional(),
  action: auditAction.optional(),
});

export type Actor = z.output<typeof actor>;
export type AuditAction = z.output<typeof auditAction>;
export type AuditEvent = z.output<typeof auditEvent>;
export type AuditLog = z.output<typeof auditLog>;
export type AuditQuery = z.output<typeof auditQuery>;
