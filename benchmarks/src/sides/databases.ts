import { randomBytes } from 'node:crypto';
import { type Database, quoteIdentifier } from '@hexclave/db';
import type { Cluster } from '@hexclave/embedded-postgres';
import type { Bench } from '../bench.ts';

/** A database of one of the clusters, made for one measurement. */
export type BenchDatabase = {
  readonly db: Database;
  readonly name: string;
  readonly connectionString: string;
  drop(): Promise<void>;
};

export async function createBenchDatabase(
  bench: Bench,
  cluster: Cluster,
  prefix: string,
  template = 'template1',
): Promise<BenchDatabase> {
  const name = `${prefix}_${randomBytes(4).toString('hex')}`;
  await administer(bench, cluster, `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE ${quoteIdentifier(template)}`);
  const connectionString = cluster.connectionString(name);
  const db = bench.connect(connectionString);
  return {
    db,
    name,
    connectionString,
    drop: async () => {
      await db.end();
      await administer(bench, cluster, `DROP DATABASE ${quoteIdentifier(name)} WITH (FORCE)`);
    },
  };
}

/** So that no side has to write out what the other has changed. */
export async function checkpoint(bench: Bench): Promise<void> {
  const { source, target } = await bench.clusters();
  await Promise.all([administer(bench, source, 'CHECKPOINT'), administer(bench, target, 'CHECKPOINT')]);
}

async function administer(bench: Bench, cluster: Cluster, statement: string): Promise<void> {
  const admin = bench.connect(cluster.connectionString());
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
}
