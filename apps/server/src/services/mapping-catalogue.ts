import type { MappingCatalogue } from '@hexclave/config';
import type { Catalog } from '@hexclave/sync';

/** What the configuration of a project may refer to: the tables that are synced, and their columns. */
export function mappingCatalogueOf(catalog: Catalog): MappingCatalogue {
  return Object.fromEntries(
    catalog.mappings.map(({ name, columns, keyColumns }) => [name, { columns: Object.keys(columns), keyColumns }]),
  );
}
