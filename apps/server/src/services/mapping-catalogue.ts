import type { MappingCatalogue } from '@hexclave/config';
import type { MappingDescription, MappingList } from '@hexclave/contract';
import type { Catalog, DeclaredMapping } from '@hexclave/sync';

/** What the configuration of a project may refer to: the tables that are synced, and their columns. */
export function mappingCatalogueOf(catalog: Catalog): MappingCatalogue {
  return Object.fromEntries(
    catalog.mappings.map(({ name, columns, keyColumns }) => [name, { columns: Object.keys(columns), keyColumns }]),
  );
}

/** The same for people, who choose among them. */
export function listMappings({ mappings }: Catalog): MappingList {
  return { is_paginated: false, items: mappings.map(describe) };
}

function describe({ name, description, columns, keyColumns }: DeclaredMapping): MappingDescription {
  const isKey = (column: string) => keyColumns.includes(column);
  return {
    name,
    description: description ?? null,
    columns: Object.entries(columns).map(([column, { type, notNull }]) => ({
      ...{ name: column, type, is_key: isKey(column) },
      is_nullable: notNull !== true && !isKey(column),
    })),
  };
}
