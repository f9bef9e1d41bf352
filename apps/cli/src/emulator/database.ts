import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolderOf, startCluster } from '@hexclave/embedded-postgres';
import { createInternalDatabase } from '@hexclave/server';
import type { Home } from './home.ts';

function postgresOf(home: Home): string {
  return join(home.data, 'postgres');
}

/** Where PostgreSQL's data really lies, which is elsewhere when root's home directory is closed to others. */
export function postgresFolderOf(home: Home): Promise<string> {
  return dataFolderOf({ dataDir: postgresOf(home) });
}

/**
 * Works with the internal database of an emulator, whether it runs or not: its PostgreSQL is joined or started for as
 * long as that takes. `undefined` where there is no database yet.
 */
export async function withEmulatorDatabase<T>(
  home: Home,
  work: (connectionString: string) => Promise<T>,
): Promise<T | undefined> {
  if (!existsSync(join(await postgresFolderOf(home), 'PG_VERSION'))) return undefined;
  const cluster = await startCluster({ dataDir: postgresOf(home) });
  try {
    return await work(await createInternalDatabase(cluster));
  } finally {
    await cluster.stop();
  }
}
