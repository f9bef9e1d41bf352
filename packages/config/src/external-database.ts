import { z } from 'zod';
import { type PostgresConnection, parseConnectionString } from './connection-string.ts';
import type { MappingCatalogue } from './mapping-catalogue.ts';

export const EXTERNAL_DATABASE_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const MAX_IDENTIFIER_BYTES = 63;
const MAX_EXTERNAL_DATABASES = 100;
export const DEFAULT_SCHEMA = 'hexclave';
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point.
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/;

/** A name that PostgreSQL takes as it is: longer ones would be cut, silently, to the same 63 bytes. */
const identifier = z
  .string()
  .min(1, 'must not be empty')
  .refine((name) => Buffer.byteLength(name) <= MAX_IDENTIFIER_BYTES, `must have at most ${MAX_IDENTIFIER_BYTES} bytes`)
  .refine(
    (name) => !CONTROL_CHARACTERS.test(name) && !/\p{Surrogate}/u.test(name),
    'must not contain control characters',
  );

const schemaName = identifier.refine(
  (name) => !/^pg_/i.test(name) && name.toLowerCase() !== 'information_schema',
  'belongs to PostgreSQL itself',
);

const targetName = identifier.refine((name) => !name.startsWith('_hexclave'), 'must not begin with _hexclave');

const connectionString = z.string().transform((text, context): PostgresConnection => {
  const result = parseConnectionString(text);
  if (result.ok) return result.connection;
  context.addIssue({ code: 'custom', message: result.problem });
  return z.NEVER;
});

const tables = z.record(
  z.string(),
  z.strictObject({
    enabled: z.boolean().default(true).describe('`false` leaves the table out. What was copied before stays.'),
    targetName: targetName.optional().describe('What the table is called in your schema. Default: its own name.'),
    omitColumns: z
      .array(z.string())
      .default([])
      .describe('Columns that are not copied. Columns of the key cannot be left out.'),
  }),
);

const externalDatabase = z.strictObject({
  type: z.literal('postgres', 'must be "postgres"').describe('The kind of database.'),
  connectionString: connectionString
    .optional()
    .describe(
      '`postgresql://user:password@host:port/database`, with `sslmode` and `sslrootcert` as the only parameters. Needed ' +
        'when the database is new, kept when a change names none, and never shown again.',
    ),
  connection: z.undefined('is only shown; set connectionString').optional(),
  schema: schemaName.default(DEFAULT_SCHEMA).describe('The schema in which the tables are kept.'),
  tables: tables.default({}).describe('Choices for single tables. A table that is not named is copied as it is.'),
  deleteMode: z
    .enum(['hard', 'soft'], 'must be "hard" or "soft"')
    .default('hard')
    .describe('With `soft`, a deleted row stays and its column `deleted_at` is set.'),
  paused: z.boolean().default(false).describe('`true` stops all work on this database. Nothing is lost meanwhile.'),
});

/** One external database as configured, with the defaults filled in. */
export type ExternalDatabaseConfig = {
  type: 'postgres';
  /** Only when the change names a connection string. */
  connection?: PostgresConnection;
  schema: string;
  tables: Record<string, { enabled: boolean; targetName?: string; omitColumns: string[] }>;
  deleteMode: 'hard' | 'soft';
  paused: boolean;
};

/** The schema of `dbSync.externalDatabases`. */
export function externalDatabasesSchema(mappings: MappingCatalogue) {
  return z
    .record(z.string(), externalDatabase)
    .superRefine((databases, context) => {
      if (Object.keys(databases).length > MAX_EXTERNAL_DATABASES) {
        context.addIssue({ code: 'custom', message: `there can be at most ${MAX_EXTERNAL_DATABASES}` });
      }
      for (const [id, database] of Object.entries(databases)) {
        const problems = [...idProblems(id), ...tableProblems(database.tables, mappings)];
        for (const { path, message } of problems) context.addIssue({ code: 'custom', path: [id, ...path], message });
      }
    })
    .transform((databases): Record<string, ExternalDatabaseConfig> => {
      return Object.fromEntries(Object.entries(databases).map(([id, database]) => [id, withConnection(database)]));
    });
}

function withConnection(database: z.output<typeof externalDatabase>): ExternalDatabaseConfig {
  const { connectionString: connection, connection: _shown, ...rest } = database;
  return { ...rest, ...(connection && { connection }) };
}

type Problem = { path: string[]; message: string };

function idProblems(id: string): Problem[] {
  if (EXTERNAL_DATABASE_ID.test(id)) return [];
  return [{ path: [], message: 'an id has 1 to 63 of a-z, 0-9, _ and -, and begins with a letter or digit' }];
}

function tableProblems(configured: ExternalDatabaseConfig['tables'], mappings: MappingCatalogue): Problem[] {
  return [
    ...Object.entries(configured).flatMap(([name, table]) => oneTableProblems(name, table.omitColumns, mappings)),
    ...targetNameProblems(configured, mappings),
  ];
}

function oneTableProblems(name: string, omitColumns: string[], mappings: MappingCatalogue): Problem[] {
  const mapping = Object.hasOwn(mappings, name) ? mappings[name] : undefined;
  if (mapping === undefined) {
    return [
      { path: ['tables', name], message: `there is no such table; there are ${Object.keys(mappings).join(', ')}` },
    ];
  }
  const path = ['tables', name, 'omitColumns'];
  return omitColumns.flatMap((column) => {
    if (mapping.keyColumns.includes(column)) return [{ path, message: `"${column}" is part of the key and must stay` }];
    if (!mapping.columns.includes(column)) return [{ path, message: `there is no column "${column}"` }];
    return [];
  });
}

/** Two mappings in one target table would overwrite each other. */
function targetNameProblems(configured: ExternalDatabaseConfig['tables'], mappings: MappingCatalogue): Problem[] {
  const owners = new Map<string, string>();
  return Object.keys(mappings).flatMap((name) => {
    const table = Object.hasOwn(configured, name) ? configured[name] : undefined;
    if (table?.enabled === false) return [];
    const target = table?.targetName ?? name;
    const other = owners.get(target);
    owners.set(target, name);
    return other === undefined
      ? []
      : [{ path: ['tables', name], message: `goes to the same target table as ${other}` }];
  });
}
