import { compileFetch, type FetchSql } from '../compile/fetch.ts';
import {
  compileTargetTable,
  type DeleteMode,
  type TargetTable,
  type TargetTableOptions,
} from '../compile/target-table.ts';
import type { Catalog } from '../declare/catalog.ts';
import type { DeclaredMapping } from '../declare/mapping.ts';

/** What has failed, and whether its next attempt is still to come by the internal database's clock, the only one that counts. */
export type FailureState = { readonly attempts: number; readonly waiting: boolean };

export type MappingFailureState = FailureState & { readonly code: string };

/** One row of "ExternalDatabase" with its state. */
export type ExternalDatabase = {
  readonly tenancyId: string;
  readonly id: string;
  readonly type: string;
  readonly connectionCiphertext: Buffer;
  readonly connectionKeyId: string;
  readonly schemaName: string;
  readonly deleteMode: DeleteMode;
  readonly tables: Readonly<Record<string, TableChoice>> | null;
  /** How often a new copy of each mapping was asked for. */
  readonly resyncs: Readonly<Record<string, number>>;
  readonly paused: boolean;
  readonly generation: bigint;
  readonly failure: FailureState;
  readonly mappingFailures: Readonly<Record<string, MappingFailureState>>;
  /** How far the mappings that are streamed had come, by what the last runs of all processes have written down. */
  readonly cursors: ReadonlyMap<string, bigint>;
};

/** What an owner chose for one mapping; a mapping that is not named is synced as it is. */
export type TableChoice = TargetTableOptions & { readonly enabled?: boolean };

/** One mapping on its way to one external database. */
export type Route = {
  readonly mapping: DeclaredMapping;
  readonly target: TargetTable;
  readonly fetch: FetchSql;
  readonly sourceTable: string;
};

/** Compiles the routes that the owner has left enabled. */
export function routesOf(catalog: Catalog, database: ExternalDatabase): Route[] {
  return catalog.mappings
    .filter((mapping) => database.tables?.[mapping.name]?.enabled !== false)
    .map((mapping) => {
      const options = { ...database.tables?.[mapping.name], resyncs: database.resyncs[mapping.name] };
      const target = compileTargetTable(mapping, options, database.deleteMode);
      return { mapping, target, fetch: compileFetch(mapping, target), sourceTable: mapping.table.name };
    });
}
