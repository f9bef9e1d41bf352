import { z } from '@hono/zod-openapi';
import { actor } from './audit.ts';
import { millis, singleLine } from './fields.ts';
import { externalDatabaseId, mappingName } from './verification.ts';

const MAX_REASON_LENGTH = 500;

/** Why somebody does something; kept beside what was done. */
export const reason = singleLine(MAX_REASON_LENGTH)
  .min(1, 'must not be empty: whoever finds it later wants to know why')
  .openapi({ description: 'Why; shown beside the switch and in the audit log.', example: 'maintenance of db7' });

/** Other projects than one's own, where the operator may act on them. */
export const projectQuery = z.strictObject({
  project_id: z.string().optional().openapi({
    description: 'Another project than the key’s own: for admins of the project `internal`.',
  }),
});

const lastChange = z
  .object({
    by: actor,
    at_millis: millis,
    reason: z.string().nullable(),
  })
  .nullable()
  .openapi({ description: 'Null: never changed, or changed in the internal database by hand.' });

const fuse = z.object({ enabled: z.boolean(), changed: lastChange }).openapi('Fuse');

export const fusebox = z
  .object({ sequencer: fuse, poller: fuse, outgoing_requests: fuse, sync_engine: fuse })
  .openapi('Fusebox');

const position = z.boolean().optional();

export const fuseboxUpdate = z
  .strictObject({ sequencer: position, poller: position, outgoing_requests: position, sync_engine: position, reason })
  .openapi('FuseboxUpdate');

export const pause = z
  .object({
    project_id: z.string(),
    external_database_id: z.string().nullable().openapi({ description: 'Null: the whole project.' }),
    paused_by: z.enum(['operator', 'owner']).openapi({
      description: 'Only the same side can end it. What both have paused works again when both have resumed it.',
    }),
    by: actor.nullable().openapi({ description: 'Null: paused before it was noted who did.' }),
    since_millis: millis,
    reason: z.string().nullable(),
  })
  .openapi('Pause');

export const pauseList = z.object({ is_paginated: z.literal(false), items: z.array(pause) }).openapi('PauseList');

const wholeOrOne = externalDatabaseId.optional().openapi({ description: 'Left out: the whole project.' });

export const pauseRequest = z.strictObject({ external_database_id: wholeOrOne, reason }).openapi('PauseRequest');

export const resumeRequest = z
  .strictObject({ external_database_id: wholeOrOne, reason: reason.optional() })
  .openapi('ResumeRequest');

export const retryRequest = z
  .strictObject({
    external_database_id: externalDatabaseId,
    mapping: mappingName.optional(),
    reason: reason.optional(),
  })
  .openapi('RetryRequest');

export const retryReply = z
  .object({
    retried: z.boolean().openapi({
      description: '`false`: nothing was waiting for its next attempt. A sync is queued all the same.',
    }),
  })
  .openapi('Retry');

export type Fusebox = z.output<typeof fusebox>;
export type FuseboxUpdate = z.output<typeof fuseboxUpdate>;
export type Pause = z.output<typeof pause>;
export type PauseList = z.output<typeof pauseList>;
export type PauseRequest = z.output<typeof pauseRequest>;
export type ResumeRequest = z.output<typeof resumeRequest>;
export type RetryRequest = z.output<typeof retryRequest>;
