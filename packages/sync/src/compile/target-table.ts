import { createHash } from 'node:crypto';
import type { DeclaredMapping } from '../declare/mapping.ts';

/** What the owner of an external database may choose for one mapping. */
export type TargetTableOptions = {
  readonly targetName?: string;
  readonly omitColumns?: readonly string[];
  /** Grows whenever the owner asks for a new copy; 0 at first. */
  readonly resyncs?: number | undefined;
};

export type DeleteMode = 'hard' | 'soft';

export type TargetColumn = { readonly name: string; readonly type: string; readonly notNull: boolean };

/** The table that one mapping fills in one external database: no PostgreSQL in it, any destination can build it. */
export type TargetTable = {
  readonly mapping: string;
  readonly name: string;
  readonly columns: readonly TargetColumn[];
  /** Names of the key columns, in the order in which keys are compared. */
  readonly key: readonly string[];
  /** Types of the key columns. */
  readonly keyTypes: readonly string[];
  /** With `soft`, a deleted row stays and its `deleted_at` is set. */
  readonly deleteMode: DeleteMode;
  /**
   * Changes when anything above does, or where a column comes from, or when its owner asks for a new copy: then, and only then, the target's DDL is looked at
   * again, and everything is copied anew.
   */
  readonly hash: string;
};

/** In `soft` mode each target table has this column besides the mapped ones. */
export const DELETED_AT = 'deleted_at';

/** Compiles the target table of a mapping. Key columns cannot be left out. */
export function compileTargetTable(
  mapping: DeclaredMapping,
  options: TargetTableOptions,
  deleteMode: DeleteMode,
): TargetTable {
  const omitted = new Set(options.omitColumns);
  const columns = Object.entries(mapping.columns)
    .filter(([name]) => mapping.keyColumns.includes(name) || !omitted.has(name))
    .map(([name, column]) => ({
      name,
      type: column.type,
      notNull: column.notNull === true || mapping.keyColumns.includes(name),
    }));
  const name = options.targetName ?? mapping.name;
  const shape = { mapping: mapping.name, name, columns, key: mapping.keyColumns, deleteMode };
  // Left out as long as nobody has asked: a version of the server that does not know of it agrees on the hash.
  const asked = (options.resyncs ?? 0) === 0 ? {} : { resyncs: options.resyncs };
  return {
    ...shape,
    keyTypes: mapping.keyColumns.map((key) => mapping.columns[key]?.type ?? 'text'),
    hash: createHash('sha256')
      .update(JSON.stringify({ ...shape, ...asked, sources: columns.map((column) => sourceOf(mapping, column.name)) }))
      .digest('hex'),
  };
}

/** The key of a row whose columns are in the table's order. */
export function keyOf(target: TargetTable, row: readonly (string | null)[]): string[] {
  return target.key.map((key) => {
    const value = row[target.columns.findIndex((column) => column.name === key)];
    if (value === null || value === undefined) throw new Error(`A row of ${target.mapping} has no key`);
    return value;
  });
}

/** What a column's values are made of: a change of it changes values without any row having changed. */
function sourceOf({ columns, lookups }: DeclaredMapping, name: string): unknown {
  const column = columns[name];
  if (column === undefined) return null;
  return [column.from, column.as?.(column.from), column.lookup === undefined ? null : lookups?.[column.lookup]];
}
