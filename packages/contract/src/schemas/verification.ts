import { z } from '@hono/zod-openapi';
import { millis, uuid } from './fields.ts';

const MAX_ID_LENGTH = 1_000;
const id = z.string().min(1).max(MAX_ID_LENGTH);
const count = (description: string) => z.int().openapi({ description });

export const externalDatabaseId = id.openapi({
  description: 'The id under which the external database is configured.',
  example: 'main',
});
export const mappingName = id.openapi({
  description: 'One table, by the name of its mapping. Without it: all that are copied.',
  example: 'users',
});

export const verificationRequest = z
  .strictObject({
    external_database_id: externalDatabaseId,
    mapping: mappingName.optional(),
    repair: z
      .boolean()
      .default(false)
      .openapi({ description: 'Puts right what is found different, and nothing else.' }),
  })
  .openapi('VerificationRequest');

export const resyncRequest = z
  .strictObject({ external_database_id: externalDatabaseId, mapping: mappingName.optional() })
  .openapi('ResyncRequest');

export const resyncReply = z
  .object({ mappings: z.array(z.string()).openapi({ description: 'The tables that are copied anew.' }) })
  .openapi('Resync');

const verifiedMapping = z
  .object({
    mapping: z.string(),
    state: z.enum(['running', 'verified', 'skipped']),
    reason: z.string().nullable().openapi({
      description: 'Why it could not be compared: `COPY_UNDER_WAY`, or the code of an error of the external database.',
    }),
    rows: count('Rows of the source that were compared.'),
    missing: count('Rows that the copy lacked.'),
    extra: count('Rows that only the copy had.'),
    different: count('Rows with other values in the copy.'),
    repaired: count('Rows that were put right.'),
    remaining: count('Rows that are different still.'),
    parked: count('Rows that the external database refuses: no difference, but not there either.'),
    unsettled: count('Rows that changed whenever they were looked at, of which nothing is said.'),
  })
  .openapi('VerifiedMapping');

const difference = z
  .object({
    mapping: z.string(),
    kind: z.enum(['missing', 'extra', 'different']),
    key: z
      .array(z.string())
      .openapi({ description: 'The values of the key columns, as text. No other values are told.' }),
    outcome: z.enum(['found', 'repaired', 'parked', 'persists']).openapi({
      description:
        '`persists`: it was written, and is different all the same. `parked`: the external database refused it.',
    }),
  })
  .openapi('VerificationDifference');

export const verification = z
  .object({
    id: uuid,
    external_database_id: z.string(),
    mapping: z.string().nullable(),
    repair: z.boolean(),
    requested_by: z.string().nullable().openapi({ description: 'The id of the key set that asked.' }),
    state: z.enum(['queued', 'running', 'finished', 'failed']),
    rows_compared: count('Of all tables so far.'),
    rows_expected: count('About how many there are; 0 as long as that is not known.'),
    mappings: z.array(verifiedMapping),
    differences: z.array(difference).openapi({ description: 'The first ones; the counts are of all.' }),
    error: z
      .object({ code: z.string(), sql_state: z.string().nullable(), message: z.string(), remedy: z.string() })
      .nullable(),
    created_at_millis: millis,
    started_at_millis: millis.nullable(),
    finished_at_millis: millis.nullable(),
    turns: count('How often a process took it up: more than once when one was killed, or made room for others.'),
  })
  .openapi('Verification');

const mappingStatus = z
  .object({
    external_database_id: z.string(),
    mapping: z.string(),
    verified_through_millis: millis.nullable().openapi({
      description: 'Every row of the copy was found right at some moment since then. Null: not yet.',
    }),
    differing_rows: count('Rows that were found different and could not be put right.'),
    repaired_rows: count('Rows that were ever put right.'),
    differing_since_millis: millis.nullable(),
    parked_rows: count('Rows that the external database refuses.'),
    error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
  })
  .openapi('VerificationStatus');

export const verificationList = z
  .object({
    is_paginated: z.literal(false),
    items: z.array(verification).openapi({ description: 'The latest runs, the newest first.' }),
    mappings: z.array(mappingStatus).openapi({ description: 'What the verification that goes on by itself says.' }),
  })
  .openapi('VerificationList');

export type Verification = z.output<typeof verification>;
export type VerificationRequest = z.output<typeof verificationRequest>;
export type VerificationList = z.output<typeof verificationList>;
export type VerificationStatus = z.output<typeof mappingStatus>;
