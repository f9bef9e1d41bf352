import { z } from '@hono/zod-openapi';
import { millis, uuid } from './fields.ts';
import { externalDatabaseId, mappingName } from './verification.ts';

/** The statements of one table, in the order in which a change meets them. */
export const PROFILED_STATEMENTS = ['sequencing', 'fetch', 'apply'] as const;

/** What is measured of a statement, and in which unit. */
export const PROFILE_UNITS = {
  planning_time: 'ms',
  execution_time: 'ms',
  cpu_time: 'ms',
  rows: 'rows',
  buffers_hit: 'bytes',
  buffers_read: 'bytes',
  buffers_dirtied: 'bytes',
  buffers_written: 'bytes',
  temporary_read: 'bytes',
  temporary_written: 'bytes',
  wal_size: 'bytes',
  wal_records: 'records',
  usual_calls: 'calls',
  usual_time: 'ms',
} as const;

const MOST_RUNS = 50;
const DEFAULT_RUNS = 20;

export const profileRequest = z
  .strictObject({
    external_database_id: externalDatabaseId,
    mapping: mappingName.optional(),
    fire_triggers: z.boolean().default(false).openapi({
      description:
        'Runs the apply statement also where triggers or rules of the owner’s would fire. It is rolled back, but what they do outside of the transaction is not.',
    }),
  })
  .openapi('ProfileRequest');

export const profileHistoryQuery = z.strictObject({
  project_id: z.string().optional().openapi({
    description: 'Another project than the key’s own: for admins of the project `internal`.',
  }),
  external_database_id: externalDatabaseId,
  mapping: mappingName.optional(),
  runs: z
    .string()
    .regex(/^[1-9]\d?$/, `must be a whole number from 1 to ${MOST_RUNS}`)
    .transform(Number)
    .refine((runs) => runs <= MOST_RUNS, `must be a whole number from 1 to ${MOST_RUNS}`)
    .default(DEFAULT_RUNS)
    .openapi({ type: 'integer', minimum: 1, maximum: MOST_RUNS, default: DEFAULT_RUNS }),
});

type MeasureName = keyof typeof PROFILE_UNITS;

const measures = z
  .object(
    Object.fromEntries(
      Object.entries(PROFILE_UNITS).map(([name, unit]) => [
        name,
        z
          .number()
          .optional()
          .openapi({ description: `In ${unit}.` }),
      ]),
    ) as Record<MeasureName, z.ZodOptional<z.ZodNumber>>,
  )
  .openapi('ProfileMeasures', {
    description: 'What was measured. What is not there is in `lacking`: never a zero for it.',
  });

const planNode = z
  .object({
    node: z.string().openapi({ example: 'Index Scan' }),
    relation: z.string().nullable(),
    index: z.string().nullable(),
    rows: z.number().openapi({ description: 'Of all loops together.' }),
    expected_rows: z.number().openapi({ description: 'What the planner expected of one loop.' }),
    loops: z.number(),
    removed_rows: z.number().openapi({ description: 'Read, and thrown away by a condition.' }),
    depth: z.int().openapi({ description: 'How many steps it is within; 0 is the outermost.' }),
  })
  .openapi('ProfilePlanNode');

const finding = z
  .object({
    code: z.enum(['INDEX_MISSING', 'TABLE_SCANNED', 'TEMPORARY_FILES', 'TRIGGERS_SLOW', 'REGRESSED', 'SLOW']),
    severity: z.enum(['bad', 'warning']),
    message: z.string(),
    remedy: z.string().openapi({ description: 'What to do, with the exact SQL where there is one.' }),
  })
  .openapi('ProfileFinding');

const statementProfile = z
  .object({
    statement: z.enum(PROFILED_STATEMENTS).openapi({
      description:
        '`sequencing`: gives changed rows their numbers; `fetch`: reads a page of changes; `apply`: writes it into the external database.',
    }),
    side: z.enum(['internal', 'external']).openapi({ description: 'Which database runs it.' }),
    query_id: z.string(),
    server_version: z.string().nullable(),
    verdict: z.enum(['good', 'warning', 'bad', 'unknown']).openapi({ description: '`unknown`: it was not measured.' }),
    findings: z.array(finding).openapi({ description: 'What is wrong, the worst first.' }),
    outcome: z.enum(['measured', 'failed', 'skipped']),
    measures: measures.nullable().openapi({ description: 'Null unless it was measured.' }),
    lacking: z
      .record(z.string(), z.string())
      .openapi({ description: 'Measures that this server does not give, each with the reason.' }),
    plan: z.array(planNode).openapi({ description: 'Its steps, the outer ones first. No conditions and no values.' }),
    plan_digest: z.string().nullable().openapi({ description: 'Equal for plans of one shape.' }),
    indexes_used: z.array(z.string()),
    triggers: z.array(z.object({ name: z.string(), calls: z.number(), time_millis: z.number() })),
    error: z
      .object({ code: z.string(), sql_state: z.string().nullable(), message: z.string(), remedy: z.string() })
      .nullable()
      .openapi({ description: 'Why it failed.' }),
    skipped: z
      .object({
        reason: z.enum(['NO_ROWS', 'NOT_COPIED_YET', 'PAUSED', 'TRIGGERS', 'NOT_SUPPORTED']),
        message: z.string(),
      })
      .nullable()
      .openapi({ description: 'Why it was not run.' }),
  })
  .openapi('StatementProfile');

const mappingProfile = z
  .object({
    run_id: uuid,
    mapping: z.string(),
    at_millis: millis,
    statements: z.array(statementProfile),
  })
  .openapi('MappingProfile');

export const profileReply = z
  .object({
    external_database_id: z.string(),
    verdict: z.enum(['good', 'warning', 'bad', 'unknown']).openapi({ description: 'The worst of all statements.' }),
    mappings: z.array(mappingProfile),
  })
  .openapi('Profile');

export const profileHistory = z
  .object({
    is_paginated: z.literal(false),
    items: z.array(mappingProfile).openapi({ description: 'The oldest first.' }),
  })
  .openapi('ProfileHistory');

export type ProfileRequest = z.output<typeof profileRequest>;
export type ProfileHistoryQuery = z.output<typeof profileHistoryQuery>;
export type Profile = z.output<typeof profileReply>;
export type ProfileHistory = z.output<typeof profileHistory>;
export type MappingProfile = z.output<typeof mappingProfile>;
export type StatementProfile = z.output<typeof statementProfile>;
export type ProfileVerdict = StatementProfile['verdict'];
