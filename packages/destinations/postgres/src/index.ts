import type { Destination } from '@hexclave/sync';
import { createConnection } from './connection.ts';
import { namesIn } from './names.ts';
import { checkServer, discard, openSession, type PostgresConnection, type SessionOptions } from './session.ts';

export { isPublic, resolveTarget } from './address.ts';
export { classify } from './classify.ts';
export type { PostgresConnection, SessionOptions, TlsMode } from './session.ts';

/** PostgreSQL 12 and newer as an external database. */
export function postgresDestination(options: SessionOptions): Destination<PostgresConnection> {
  return {
    type: 'postgres',
    connect: async (connection, schema, owner) => {
      const first = await openSession(connection, options);
      try {
        await checkServer(first);
      } catch (error) {
        discard(first);
        throw error;
      }
      return createConnection(first, namesIn(schema), owner, () => openSession(connection, options));
    },
  };
}
