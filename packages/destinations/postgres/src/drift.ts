import { quoteIdentifier as id } from '@hexclave/db';
import { DELETED_AT, DestinationError, type TargetTable } from '@hexclave/sync';

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
