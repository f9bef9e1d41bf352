import { rm } from 'node:fs/promises';
import type { Cluster } from '@hexclave/embedded-postgres';

/** Nothing needs to survive a power cut; a crash of the server itself is survived all the same. */
export const THROW_AWAY_SETTINGS = {
  fsync: false,
  full_page_writes: false,
  max_connections: 300,
  // Off by default; some tests leave a prepared transaction open.
  max_prepared_transactions: 10,
};

export async function removeCluster(cluster: Cluster): Promise<void> {
  await cluster.stop('immediate');
  await rm(cluster.dataDir, { recursive: true, force: true });
}
