import { CONNECTION_STEPS, SCHEMA_STATES } from '@hexclave/config';
import { z } from '@hono/zod-openapi';
import { singleLine } from './fields.ts';
import { externalDatabaseId } from './verification.ts';

export const connectionTestRequest = z
  .strictObject({
    external_database_id: externalDatabaseId.optional().openapi({
      description: 'A saved one. With `external_database` beside it: as it would be after that change.',
    }),
    external_database: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({
        description:
          'The same object as at `dbSync.externalDatabases.<id>` of the configuration. Nothing of it is kept.',
        example: { type: 'postgres', connectionString: 'postgresql://user:password@host/db' },
      }),
  })
  .refine((request) => request.external_database_id !== undefined || request.external_database !== undefined, {
    path: ['external_database'],
    error: 'is needed, or the id of a saved one',
  })
  .openapi('ConnectionTestRequest');

export const connectionTestStep = z
  .object({
    step: z.enum(CONNECTION_STEPS),
    outcome: z.enum(['ok', 'failed', 'skipped']).openapi({
      description:
        '`skipped`: a step before it failed, or there is nothing to look at, as with TLS that is switched off.',
    }),
    duration_ms: z.number().nullable(),
    message: z.string().openapi({ description: 'One sentence.' }),
    remedy: z.string().nullable().openapi({ description: 'What to do, with the exact SQL where there is one.' }),
    code: z.string().nullable().openapi({ description: 'The same code as a sync would fail with.' }),
    sql_state: z.string().nullable(),
  })
  .openapi('ConnectionTestStep');

export const connectionTest = z
  .object({
    ok: z.boolean().openapi({ description: 'No step failed.' }),
    connection: z.object({ host: z.string(), port: z.number(), database: z.string(), user: z.string() }),
    steps: z.array(connectionTestStep).openapi({ description: 'All of them, always, in the same order.' }),
    server_version: z.string().nullable(),
    round_trip_ms: z.number().nullable().openapi({ description: 'The fastest of some.' }),
    schema_state: z
      .enum(SCHEMA_STATES)
      .nullable()
      .openapi({
        description:
          'What is in the schema: it is not there (and is created), is empty, holds this copy, holds tables of others ' +
          'only, or holds the copy of another project or external database, which is refused.',
      }),
  })
  .openapi('ConnectionTest');

const name = (what: string) => singleLine(63).min(1, 'must not be empty').openapi({ description: what });

export const roleSqlQuery = z.strictObject({
  role: name('The role that Hexclave signs in as.').default('hexclave_sync'),
  database: name('The database that holds the copy.'),
  schema: name('The schema that holds the copy.').default('hexclave'),
});

export const roleSql = z
  .object({
    statements: z
      .array(z.string())
      .openapi({ description: 'To be run in that order, in that database, by its owner.' }),
    sql: z.string().openapi({ description: 'The same as one text, with comments.' }),
    set_password: z.string().openapi({
      description: 'How the role gets its password: a command of psql that asks for it, so that no log has it.',
    }),
  })
  .openapi('RoleSql');

export type ConnectionTestRequest = z.output<typeof connectionTestRequest>;
export type ConnectionTestStep = z.output<typeof connectionTestStep>;
export type ConnectionTest = z.output<typeof connectionTest>;
export type RoleSqlQuery = z.output<typeof roleSqlQuery>;
export type RoleSql = z.output<typeof roleSql>;
