import { createDatabase, type Database } from '@hexclave/db';
import { postgresDestination } from '@hexclave/destination-postgres';
import { createEngine, type DestinationConnection, type Engine } from '@hexclave/sync';
import { onTestFinished } from 'vitest';
import type { Harness } from './harness.ts';

/**
 * An engine of another process, between which and its targets stands `via`; `watched` stands between it and the internal
 * database. Closed when the test is over.
 */
export function engineVia(
  harness: Harness,
  via: (connection: DestinationConnection) => DestinationConnection,
  watched: (db: Database) => Database = (db) => db,
): Engine {
  const db = createDatabase({ connectionString: harness.internal.connectionString, max: 6 });
  const destination = postgresDestination({ allowPrivateHosts: true, connectTimeoutMs: 3_000 });
  const engine = createEngine({
    db: watched(db),
    catalog: harness.catalog,
    connect: async (database, owner) => {
      const where = JSON.parse(database.connectionCiphertext.toString('utf8'));
      return via(await destination.connect(where, database.schemaName, owner));
    },
  });
  onTestFinished(async () => {
    await engine.close();
    await db.end();
  });
  return engine;
}

/** Whoever passes says that he has arrived, and waits until it is opened. */
export function gate() {
  let open = () => {};
  let arrive = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const pass = async () => {
    arrive();
    await opened;
  };
  return { pass, open: () => open(), arrived };
}
