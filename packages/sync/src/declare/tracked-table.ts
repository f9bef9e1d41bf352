/** A PostgreSQL type name as written in DDL, e.g. `uuid` or `timestamptz`. */
export type SqlType = string;

/**
 * An internal table whose rows are synced. Its primary key must be `(tenancyColumn, …keys of key)`, in that order:
 * first copies walk that index.
 */
export type TrackedTable = {
  readonly name: string;
  /** The column that says whose row it is, of type uuid. */
  readonly tenancyColumn: string;
  /** The rest of the primary key: column name to type. Types must order the same in every PostgreSQL. */
  readonly key: Readonly<Record<string, SqlType>>;
};

/**
 * Types that may be part of a key. Text is left out on purpose: its order depends on the collation of the server it
 * is compared on, and a copy compares the same ranges on two servers.
 */
const KEY_TYPES = new Set(['uuid', 'smallint', 'integer', 'bigint', 'date', 'timestamptz']);

/** Declares a tracked table; throws if its key could not be walked in the same order everywhere. */
export function trackedTable(declaration: TrackedTable): TrackedTable {
  const entries = Object.entries(declaration.key);
  if (entries.length === 0) throw new Error(`${declaration.name}: a tracked table needs a key besides its tenancy`);
  for (const [column, type] of entries) {
    if (!KEY_TYPES.has(type)) {
      throw new Error(`${declaration.name}.${column}: a key of type ${type} orders differently between servers`);
    }
  }
  return declaration;
}
