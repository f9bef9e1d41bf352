import type { ExternalDatabaseConfig, PostgresConnection } from '@hexclave/config';
import { postgresDestination } from '@hexclave/destination-postgres';
import {
  type Catalog,
  type ConnectionTestResult,
  type ConnectionTestWatch,
  compileTargetTable,
  type RoleNames,
  type RoleSql,
  type TargetOwner,
  type TargetTable,
} from '@hexclave/sync';
import pLimit from 'p-limit';

/** What is tested: an external database as it is, or as it would be configured. */
export type TestedDatabase = Pick<ExternalDatabaseConfig, 'type' | 'schema' | 'tables' | 'deleteMode'> & {
  readonly connection: PostgresConnection;
  readonly owner: TargetOwner;
};

/** Tries connections out, by the same means and under the same rules as the sync engine. */
export type ConnectionTester = {
  test(database: TestedDatabase, watch?: ConnectionTestWatch): Promise<ConnectionTestResult>;
  roleSql(names: RoleNames): RoleSql;
};

/** Tests at once in one process: many that hang must not hold the sockets that syncs need. */
const TESTS_AT_ONCE = 16;
/** Not reached: a test has shorter time-outs of its own. */
const CONNECT_TIMEOUT_MS = 20_000;

export function createConnectionTester(catalog: Catalog, allowPrivateHosts: boolean): ConnectionTester {
  const postgres = postgresDestination({ allowPrivateHosts, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  const limit = pLimit(TESTS_AT_ONCE);
  return {
    test: ({ connection, owner, ...database }, watch) => {
      const place = { schema: database.schema, owner, tables: tablesOf(catalog, database) };
      return limit(() => postgres.testConnection(connection, place, watch));
    },
    roleSql: postgres.roleSql,
  };
}

/** The tables that would be in it. */
function tablesOf(
  catalog: Catalog,
  { tables, deleteMode }: Pick<TestedDatabase, 'tables' | 'deleteMode'>,
): TargetTable[] {
  return catalog.mappings
    .filter(({ name }) => tables[name]?.enabled !== false)
    .map((mapping) => compileTargetTable(mapping, tables[mapping.name] ?? {}, deleteMode));
}
