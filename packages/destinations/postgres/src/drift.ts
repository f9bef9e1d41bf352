import { quoteIdentifier as id } from '@hexclave/db';
import { DELETED_AT, DestinationError, type TargetTable } from '@hexclave/sync';
import { markOf } from './ddl.ts';

export type FoundColumn = { readonly type: string; readonly notNull: boolean; readonly hasDefault: boolean };

/** A table as it is in the target. */
export type FoundTable = {
  readonly comment: string | null;
  readonly columns: ReadonlyMap<string, FoundColumn>;
  /** Whether the mapping's key is a primary key or unique: without that no row can be replaced. */
  readonly keyed: boolean;
  /** For each declared column, its type as the catalogue writes it. */
  readonly declaredTypes: ReadonlyMap<string, string>;
};

/** What stands in the way of a table that is there. `altering`: as below. */
export function findObstacle(
  target: TargetTable,
  table: string,
  found: FoundTable,
  altering = false,
): DestinationError | null {
  // A table that the customer has put in the place of ours, or had there before, is refused: its values may be gone.
  if (found.comment !== markOf(target)) return exists(target);
  return findDrift(target, table, found, altering);
}

export function exists(target: TargetTable): DestinationError {
  return new DestinationError('TARGET_TABLE_EXISTS', { detail: `table ${target.name}` });
}

/**
 * Names the first change by the customer that stands in the way, with the SQL that undoes it. Columns of their own are
 * welcome as long as a row can be inserted without naming them. `altering`: missing columns are about to be added.
 */
function findDrift(target: TargetTable, table: string, found: FoundTable, altering: boolean): DestinationError | null {
  for (const column of target.columns) {
    const actual = found.columns.get(column.name);
    if (actual === undefined && !altering) {
      return drift(
        `column ${column.name} is missing`,
        `ALTER TABLE ${table} ADD COLUMN ${id(column.name)} ${column.type}`,
        '42703',
      );
    }
    if (actual !== undefined && actual.type !== found.declaredTypes.get(column.name)) {
      const to = `ALTER COLUMN ${id(column.name)} TYPE ${column.type} USING ${id(column.name)}::${column.type}`;
      return drift(`column ${column.name} has type ${actual.type}`, `ALTER TABLE ${table} ${to}`, '42804');
    }
  }
  for (const [name, column] of found.columns) {
    const ours = name === DELETED_AT || target.columns.some((declared) => declared.name === name);
    if (!ours && !altering && column.notNull && !column.hasDefault) {
      return drift(
        `column ${name} is NOT NULL and has no default`,
        `ALTER TABLE ${table} ALTER COLUMN ${id(name)} DROP NOT NULL`,
        '23502',
      );
    }
  }
  if (found.keyed) return null;
  const key = target.key.map((column) => id(column)).join(', ');
  return drift('the primary key is missing', `ALTER TABLE ${table} ADD PRIMARY KEY (${key})`, '42P10');
}

/** `sqlState`: what a batch fails with, for the same words whether a batch or a look at the table finds it. */
function drift(detail: string, sql: string, sqlState: string): DestinationError {
  return new DestinationError('TARGET_DRIFT', { detail, sqlState, remedy: `Run: ${sql};` });
}
