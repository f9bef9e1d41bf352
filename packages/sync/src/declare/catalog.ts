import type { DeclaredMapping } from './mapping.ts';
import type { TrackedTable } from './tracked-table.ts';

/** Everything that is synced: the input of all compilers. */
export type Catalog = {
  readonly mappings: readonly DeclaredMapping[];
  /** The tables that some mapping has rows of, each once. */
  readonly tables: readonly TrackedTable[];
};

/** Puts mappings together; throws on two of one name. */
export function catalog(mappings: readonly DeclaredMapping[]): Catalog {
  const names = mappings.map((declared) => declared.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two mappings are called ${twice}`);
  return { mappings, tables: [...new Set(mappings.map((declared) => declared.table))] };
}
