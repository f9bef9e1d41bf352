import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queryable } from '@hexclave/db';
import { SOURCE_DIRECTORY } from './files.ts';
import { listMigrations } from './migrate.ts';

/** Name of an object, with its kind before it → digest of its definition. */
export type Schema = Readonly<Record<string, string>>;

export const SCHEMA_FILE = 'schema.json';

export type Drift = { object: string; state: 'missing' | 'changed' | 'unexpected' };

export type DriftReport =
  /** What should be there is not known: migrations are pending or newer, or there is no list of what they make. */
  { comparable: false } | { comparable: true; drift: Drift[] };

/**
 * Columns, constraints, indexes, triggers and functions of the internal database. NOT NULL is told with the column:
 * from PostgreSQL 18 on it is a constraint as well. The runner's own tables make themselves.
 */
const DESCRIBE = `
  WITH tables AS (
    SELECT c.oid, c.relname FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'Schema%'
  )
  SELECT 'column ' || t.relname || '.' || a.attname AS "object",
    concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, a.attgenerated::text,
      pg_get_expr(d.adbin, d.adrelid, true)) AS "definition"
  FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
  UNION ALL
  SELECT 'constraint ' || t.relname || '.' || k.conname, pg_get_constraintdef(k.oid, true) || k.convalidated
  FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype IN ('p', 'u', 'c', 'f', 'x')
  UNION ALL
  SELECT 'index ' || i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid, 0, true) || i.indisvalid
  FROM tables t JOIN pg_index i ON i.indrelid = t.oid
  UNION ALL
  SELECT 'trigger ' || t.relname || '.' || g.tgname, pg_get_triggerdef(g.oid, true) || g.tgenabled::text
  FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
  UNION ALL
  SELECT 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    concat_ws(' ', pg_get_function_result(p.oid), p.prosrc, p.provolatile::text, p.prosecdef, p.proconfig::text, l.lanname)
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind = 'f'
    AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = p.oid AND e.deptype = 'e')`;

/** What the database has, in an order that does not depend on it. */
export async function describeSchema(db: Queryable): Promise<Schema> {
  const rows = await db.query<{ object: string; digest: string }>(
    `SELECT s."object", left(md5(s."definition"), 12) AS "digest" FROM (${DESCRIBE}) s ORDER BY s."object" COLLATE "C"`,
  );
  return Object.fromEntries(rows.map(({ object, digest }) => [object, digest]));
}

/** Compares the database with what the migrations, and the capture compiled into them, make of an empty one. */
export async function findDrift(db: Queryable, options: { directory?: string } = {}): Promise<DriftReport> {
  const migrations = await listMigrations(db, options);
  if (migrations.some(({ state }) => state !== 'applied')) return { comparable: false };
  const file = join(options.directory ?? SOURCE_DIRECTORY, SCHEMA_FILE);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (text === undefined) return { comparable: false };
  return { comparable: true, drift: compareSchemas(JSON.parse(text) as Schema, await describeSchema(db)) };
}

/** Columns, indexes and functions that an operator added harm nobody; a trigger or a constraint changes what is written. */
const WATCHED = /^(trigger|constraint) /;

export function compareSchemas(declared: Schema, found: Schema): Drift[] {
  const lacking = Object.entries(declared).flatMap(([object, digest]): Drift[] => {
    if (found[object] === digest) return [];
    return [{ object, state: found[object] === undefined ? 'missing' : 'changed' }];
  });
  const others = Object.keys(found).filter((object) => declared[object] === undefined && WATCHED.test(object));
  return [...lacking, ...others.map((object): Drift => ({ object, state: 'unexpected' }))];
}

/** `column Team.slug is missing; and 3 more.`, for people. `most`: how many are named. */
export function describeDrift(drift: readonly Drift[], most: number = drift.length): string {
  const named = drift.slice(0, most).map(({ object, state }) => `${object} is ${state}`);
  const more = drift.length - named.length;
  return `${[...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')}.`;
}

export const DRIFT_REMEDY = 'Undo what was changed by hand; packages/migrations/sql has what should be there.';
