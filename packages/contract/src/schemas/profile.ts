import {
  PROFILE_COMPARED,
  PROFILE_FINDINGS,
  PROFILE_MEASURES,
  PROFILE_NOISE,
  PROFILE_SKIP_REASONS,
  PROFILE_VERDICTS,
  PROFILED_STATEMENT_NAMES,
  PROFILED_STATEMENTS,
  type ProfileComparedMeasure,
  type ProfileMeasure,
} from '@hexclave/config';
import { z } from '@hono/zod-openapi';
import { millis, uuid } from './fields.ts';
import { externalDatabaseId, mappingName } from './verification.ts';

const MOST_RUNS = 50;
const DEFAULT_RUNS = 20;

export const profileRequest = z
  .strictObject({
    external_database_id: externalDatabaseId,
    mapping: mappingName.optional(),
    fire_triggers: z.boolean().default(false).openapi({
      description:
        'Runs statements also where triggers or rules of the owner’s would fire, or a column takes its default from a sequence. They are rolled back, but what is done outside of the transaction is not.',
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

const measures = z
  .object(
    Object.fromEntries(
      Object.entries(PROFILE_MEASURES).map(([name, unit]) => [
        name,
        z
          .number()
          .optional()
          .openapi({ description: `In ${unit}.` }),
      ]),
    ) as Record<ProfileMeasure, z.ZodOptional<z.ZodNumber>>,
  )
  .openapi('ProfileMeasures', {
    description: 'What was measured. What is not there is in `lacking`: never a zero for it.',
  });

const change = z
  .object({
    before: z.number(),
    now: z.number(),
    percent: z.number().nullable().openapi({ description: 'By how much it has grown; null if it was nothing before.' }),
    trend: z.enum(['same', 'better', 'worse']).openapi({ description: '`same`: no more than noise.' }),
  })
  .openapi('ProfileChange');

const comparison = z
  .object({
    runs: z.int().openapi({ description: 'So many runs before, at most five, whose median is `before`.' }),
    same_plan: z.boolean().openapi({ description: 'The plan has the shape that it had the last time.' }),
    indexes_gone: z.array(z.string()).openapi({ description: 'Used the last time, and no longer.' }),
    changes: z
      .object(
        Object.fromEntries(
          Object.entries(PROFILE_COMPARED).map(([name, unit]) => [
            name,
            change.optional().openapi({ description: `In ${unit}.` }),
          ]),
        ) as Record<ProfileComparedMeasure, z.ZodOptional<typeof change>>,
      )
      .openapi({
        description:
          'For as many rows as now. `pages`: of tables and indexes, from the cache or the disk. More than noise is ' +
          `${PROFILE_NOISE.times} times as much, or as little, and a difference of more than ${PROFILE_NOISE.ms} ms or ` +
          `${PROFILE_NOISE.bytes.toLocaleString('en')} bytes.`,
      }),
  })
  .openapi('ProfileComparison');

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
    code: z.enum(PROFILE_FINDINGS),
    severity: z.enum(['bad', 'warning']),
    message: z.string(),
    remedy: z.string().openapi({ description: 'What to do, with the exact SQL where there is one.' }),
  })
  .openapi('ProfileFinding');

const statementProfile = z
  .object({
    statement: z.enum(PROFILED_STATEMENT_NAMES).openapi({
      description: PROFILED_STATEMENT_NAMES.map((name) => `\`${name}\`: ${PROFILED_STATEMENTS[name].does}`).join('; '),
    }),
    side: z.enum(['internal', 'external']).openapi({ description: 'Which database runs it.' }),
    query_id: z.string(),
    server_version: z.string().nullable(),
    verdict: z.enum(PROFILE_VERDICTS).openapi({ description: '`unknown`: it was not measured.' }),
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
    comparison: comparison.nullable().openapi({ description: 'Beside the runs before, as far as it was measured.' }),
    error: z
      .object({ code: z.string(), sql_state: z.string().nullable(), message: z.string(), remedy: z.string() })
      .nullable()
      .openapi({ description: 'Why it failed.' }),
    skipped: z
      .object({
        reason: z.enum(PROFILE_SKIP_REASONS),
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

export const profileStep = z
  .object({
    mapping: z.string(),
    statement: statementProfile,
    done: z.int().openapi({ description: 'Statements that have been looked at, in all tables, with this one.' }),
    total: z.int(),
  })
  .openapi('ProfileStep');

export const profileReply = z
  .object({
    external_database_id: z.string(),
    verdict: z.enum(PROFILE_VERDICTS).openapi({ description: 'The worst of all statements.' }),
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
export type ProfileStep = z.output<typeof profileStep>;
export type MappingProfile = z.output<typeof mappingProfile>;
export type StatementProfile = z.output<typeof statementProfile>;
export type ProfileVerdict = StatementProfile['verdict'];
