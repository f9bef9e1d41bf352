import type { SqlType, TrackedTable } from './tracked-table.ts';

/**
 * Another tracked or plain table that a mapping takes columns from: at most one row for each source row, found by
 * equality, which a unique index must guarantee. Rows without a partner get NULLs.
 */
export type Lookup = {
  readonly table: { readonly name: string; readonly tenancyColumn: string };
  /** Column of the looked-up table = column of the source table. The tenancies are always equal. */
  readonly on: Readonly<Record<string, string>>;
  /** Further conditions on the looked-up row: column = constant. */
  readonly where?: Readonly<Record<string, string | boolean>>;
};

/** One column of the target table. */
export type MappedColumn = {
  readonly type: SqlType;
  /** Column of the source table, or of the lookup when `lookup` is given. */
  readonly from: string;
  readonly lookup?: string;
  /** Turns the column's SQL into the value's SQL; must be immutable. Default: as it is. */
  readonly as?: (columnSql: string) => string;
  /** The target column is declared NOT NULL. */
  readonly notNull?: boolean;
};

/** How the rows of one tracked table become the rows of one target table. */
export type Mapping = {
  readonly name: string;
  /** One sentence for whoever chooses what is copied. */
  readonly description?: string;
  readonly table: TrackedTable;
  readonly lookups?: Readonly<Record<string, Lookup>>;
  /** Target columns in the order in which they are created. */
  readonly columns: Readonly<Record<string, MappedColumn>>;
};

/** A mapping whose key columns have been found: one for each key column of the tracked table, in its order. */
export type DeclaredMapping = Mapping & { readonly keyColumns: readonly string[] };

/** Declares a mapping; throws if its target could not be keyed like its source. */
export function mapping(declaration: Mapping): DeclaredMapping {
  const keyColumns = Object.keys(declaration.table.key).map((keyColumn) => targetOfKey(declaration, keyColumn));
  for (const [name, column] of Object.entries(declaration.columns)) {
    if (column.lookup !== undefined && declaration.lookups?.[column.lookup] === undefined) {
      throw new Error(`${declaration.name}.${name}: there is no lookup ${column.lookup}`);
    }
  }
  return { ...declaration, keyColumns };
}

function targetOfKey(declaration: Mapping, keyColumn: string): string {
  const found = Object.entries(declaration.columns).find(
    ([, column]) => column.from === keyColumn && column.lookup === undefined && column.as === undefined,
  );
  if (found === undefined || found[1].type !== declaration.table.key[keyColumn]) {
    throw new Error(`${declaration.name}: no column carries the key ${declaration.table.name}.${keyColumn} unchanged`);
  }
  return found[0];
}
