import type { Destination } from '@hexclave/sync';
import { classify } from './classify.ts';
import { createConnection } from './connection.ts';
import { namesIn } from './names.ts';
import { withRemedy } from './remedies.ts';
import { roleSql } from './role-sql.ts';
import { openSession, type PostgresConnection, type SessionOptions } from './session.ts';
import { testConnection } from './test-connection.ts';

export { isPublic, resolveTarget } from './address.ts';
export { classify } from './classify.ts';
export { parkedRowsSql } from './parked.ts';
export type { PostgresConnection, SessionOptions, TlsMode } from './session.ts';

/** PostgreSQL 12 and newer as an external database. */
export function postgresDestination(options: SessionOptions): Destination<PostgresConnection> {
  return {
    type: 'postgres',
    connect: async (connection, schema, owner) => {
      const { user: role, database } = connection;
      const place = { externalDatabaseId: owner.externalDatabaseId, role, database, schema };
      const open = () =>
        openSession(connection, options).catch((error: unknown) => {
          throw withRemedy(classify(error), place);
        });
      return createConnection(await open(), namesIn(schema), owner, open, place);
    },
    testConnection: (connection, place, watch) => testConnection(connection, place, options, watch),
    roleSql,
  };
}
