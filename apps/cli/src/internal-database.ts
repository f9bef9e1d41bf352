import { join } from 'node:path';
import { createDatabase, type Database } from '@hexclave/db';
import { startCluster } from '@hexclave/embedded-postgres';
import { CATALOGUE, forgetDriverDefaults, loadEnvironment } from '@hexclave/env';
import { createInternalDatabase, portsOf } from '@hexclave/server';
import type { Context } from './context.ts';

const NEEDED = {
  nodeEnv: CATALOGUE.nodeEnv,
  envDirectory: CATALOGUE.envDirectory,
  portPrefix: CATALOGUE.portPrefix,
  dataDirectory: CATALOGUE.dataDirectory,
  databaseConnectionString: CATALOGUE.databaseConnectionString,
};

/**
 * Works with the internal database: the one that the environment names, or, in development, the PostgreSQL from npm,
 * which is started if it is not running.
 */
export async function withInternalDatabase<T>(
  { source, note }: Context,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  forgetDriverDefaults();
  const { databaseConnectionString, dataDirectory, portPrefix } = loadEnvironment(NEEDED, { environment: source });
  if (databaseConnectionString !== undefined) return connected(databaseConnectionString, work);
  const cluster = await startCluster({ dataDir: join(dataDirectory, 'postgres'), port: portsOf(portPrefix).postgres });
  try {
    if (cluster.ownership === 'started') cluster.notes.forEach(note);
    return await connected(await createInternalDatabase(cluster), work);
  } finally {
    await cluster.stop();
  }
}

async function connected<T>(connectionString: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = createDatabase({ connectionString, max: 2, applicationName: 'hexclave cli' });
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}
