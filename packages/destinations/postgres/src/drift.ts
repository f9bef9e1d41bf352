import { quoteIdentifier as id } from '@hexclave/db';
import { DELETED_AT, DestinationError, type TargetTable } from '@hexclave/sync';
import type pg from 'pg';
import type { Names } from './names.ts';

type FoundColumn = { readonly type: string; readonly notNull: boolean; readonly hasDefault: boolean };

/** A table as it is in the target. */
export type FoundTable = {
  readonly comment: string | null;
  readonly columns: ReadonlyMap<string, FoundColumn>;
  /** Whether the mapping's key is a primary key or unique: without that no row can be replaced. */
  readonly keyed: boolean;
  /** For each declared column, its type as the catalogue writes it. */
  readonly declaredTypes: ReadonlyMap<string, string>;
};

const COLUMNS = `SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
    a.atthasdef OR a.attidentity <> '' AS has_default, pg_catalog.obj_description(a.attrelid, 'pg_class') AS comment
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`;

const KEYED = `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = pg_catalog.to_regclass($1) AND i.indisunique
    AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = cardinality($2::text[]) AND $2::text[] @> ARRAY(
      SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))) AS keyed,
  ARRAY(SELECT pg_catalog.format_type(t::regtype, NULL) FROM unnest($3::text[]) WITH ORDINALITY u (t, n) ORDER BY n) AS declared`;

/** Reads a target table from the catalogue; `null` when it does not exist. */
export async function findTable(client: pg.Client, names: Names, target: TargetTable): Promise<FoundTable | null> {
  const name = names.table(target);
  const { rows } = await client.query<{
    name: string;
    type: string;
    not_null: boolean;
    has_default: boolean;
    comment: string | null;
  }>(COLUMNS, [name]);
  if (rows.length === 0) return null;
  const key = await client.query<{ keyed: boolean; declared: string[] }>(KEYED, [
    name,
    target.key,
    target.columns.map((column) => column.type),
  ]);
  const declared = key.rows[0]?.declared ?? [];
  return {
    comment: rows[0]?.comment ?? null,
    columns: new Map(
      rows.map((row) => [row.name, { type: row.type, notNull: row.not_null, hasDefault: row.has_default }]),
    ),
    keyed: key.rows[0]?.keyed === true,
    declaredTypes: new Map(target.columns.map((column, index) => [column.name, declared[index] ?? column.type])),
  };
}

/**
 * Names the first change by the customer that stands in the way, with the SQL that undoes it. Columns of their own are
 * welcome as long as a row can be inserted without naming them. `altering`: missing columns are about to be added.
 */
export function findDrift(
  target: TargetTable,
  table: string,
  found: FoundTable,
  altering = false,
): DestinationError | null {
  for (const column of target.columns) {
    const actual = found.columns.get(column.name);
    if (actual === undefined && !altering) {
      return drift(
        `column ${column.name} is missing`,
        `ALTER TABLE ${table} ADD COLUMN ${id(column.name)} ${column.type}`,
      );
    }
    if (actual !== undefined && actual.type !== found.declaredTypes.get(column.name)) {
      const to = `ALTER COLUMN ${id(column.name)} TYPE ${column.type} USING ${id(column.name)}::${column.type}`;
      return drift(`column ${column.name} has type ${actual.type}`, `ALTER TABLE ${table} ${to}`);
    }
  }
  for (const [name, column] of found.columns) {
    const ours = name === DELETED_AT || target.columns.some((declared) => declared.name === name);
    if (!ours && !altering && column.notNull && !column.hasDefault) {
      return drift(
        `column ${name} is NOT NULL and has no default`,
        `ALTER TABLE ${table} ALTER COLUMN ${id(name)} DROP NOT NULL`,
      );
    }
  }
  if (found.keyed) return null;
  const key = target.key.map((column) => id(column)).join(', ');
  return drift('the primary key is missing', `ALTER TABLE ${table} ADD PRIMARY KEY (${key})`);
}

function drift(detail: string, sql: string): DestinationError {
  return new DestinationError('TARGET_DRIFT', { detail, remedy: `Run: ${sql};` });
}
