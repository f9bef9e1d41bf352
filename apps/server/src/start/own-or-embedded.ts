import { join } from 'node:path';
import type { Database } from '@hexclave/db';
import { type Cluster, startCluster } from '@hexclave/embedded-postgres';
import { createInternalDatabase } from './internal-database.ts';
import { openDatabase } from './open-database.ts';
import type { Ports } from './ports.ts';
import type { StartContext } from './start-context.ts';

/** A database of the developer's own may need a moment after its start. */
const DATABASE_PATIENCE_MS = 5_000;

export type OpenedDatabase = { database: Database; cluster?: Cluster };

/** Opens the internal database that was named, or else one in a PostgreSQL from npm that is started for it. */
export async function openOwnOrEmbedded(
  context: StartContext,
  ports: Ports,
  say: (line: string) => void,
): Promise<OpenedDatabase> {
  const { databaseConnectionString } = context.environment;
  const options = { patienceMs: DATABASE_PATIENCE_MS, say };
  if (databaseConnectionString !== undefined) {
    return { database: await openDatabase(context, databaseConnectionString, options) };
  }
  const cluster = await startEmbedded(context, ports, say);
  return { cluster, database: await openDatabase(context, await createInternalDatabase(cluster), options) };
}

async function startEmbedded(
  { environment, logger, closers, signal }: StartContext,
  ports: Ports,
  say: (line: string) => void,
): Promise<Cluster> {
  say('Starting PostgreSQL …');
  const cluster = await startCluster({
    dataDir: join(environment.dataDirectory, 'postgres'),
    port: ports.postgres,
    onLog: (line) => logger.debug({ line }, 'postgres'),
  });
  closers.add(() => cluster.stop());
  cluster.notes.forEach(say);
  signal.throwIfAborted();
  return cluster;
}
