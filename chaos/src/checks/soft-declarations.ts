import { compileTargetTable, hexclaveCatalog } from '@hexclave/sync';

/** By the hash of its declaration a position says which kind of deletions its table has. */
export const SOFT_DECLARATIONS: ReadonlySet<string> = new Set(
  hexclaveCatalog.mappings.map((mapping) => compileTargetTable(mapping, {}, 'soft').hash),
);
