import type { Bench } from '../bench.ts';
import { waitFor } from '../measure/wait.ts';
import { plainTableSql, rowsSql } from '../workload/rows.ts';
import { type BenchDatabase, createBenchDatabase } from './databases.ts';

/** PostgreSQL's own logical replication of one table, between two databases of the same clusters. */
export type Replication = {
  readonly source: BenchDatabase;
  readonly target: BenchDatabase;
  drop(): Promise<void>;
};

const SUBSCRIPTION = 'bench_subscription';
const PUBLICATION = 'bench_publication';

/** `tableSql` on both sides; nothing is replicated before {@link subscribe}. */
export async function createReplication(bench: Bench, table: string, tableSql: string): Promise<Replication> {
  const clusters = await bench.clusters();
  const source = await createBenchDatabase(bench, clusters.source, 'published');
  const target = await createBenchDatabase(bench, clusters.target, 'subscribed');
  await source.db.query(tableSql);
  await target.db.query(tableSql);
  await source.db.query(`CREATE PUBLICATION ${PUBLICATION} FOR TABLE ${table}`);
  const replication = { source, target };
  return {
    ...replication,
    drop: async () => {
      await unsubscribe(replication);
      await target.drop();
      await source.drop();
    },
  };
}

/** The benchmark's table, filled with rows 1 to `rows` of the seed. */
export async function createFilledReplication(bench: Bench): Promise<Replication> {
  const { seed, rows } = bench.options;
  const replication = await createReplication(bench, 'bench_rows', plainTableSql('bench_rows'));
  await replication.source.db.query(`INSERT INTO bench_rows ${rowsSql(seed, 1, rows)}`);
  await replication.source.db.query('VACUUM (ANALYZE) bench_rows');
  return replication;
}

type Ends = Pick<Replication, 'source' | 'target'>;

/** Starts the initial copy, and streaming after it. Slot names are global to a cluster, so each is named after its database. */
export async function subscribe({ source, target }: Ends): Promise<void> {
  await target.db.query(
    `CREATE SUBSCRIPTION ${SUBSCRIPTION} CONNECTION '${source.connectionString}' PUBLICATION ${PUBLICATION} WITH (slot_name = '${source.name}')`,
  );
}

export async function unsubscribe({ target }: Ends): Promise<void> {
  await target.db.query(`DROP SUBSCRIPTION IF EXISTS ${SUBSCRIPTION}`);
}

export async function pause({ target }: Ends): Promise<void> {
  await target.db.query(`ALTER SUBSCRIPTION ${SUBSCRIPTION} DISABLE`);
}

export async function resume({ target }: Ends): Promise<void> {
  await target.db.query(`ALTER SUBSCRIPTION ${SUBSCRIPTION} ENABLE`);
}

/** Waits until the rows of the initial copy are visible ("f": the copy is committed), or until streaming has begun. */
export async function untilCopied(bench: Bench, { target }: Ends, step: 'visible' | 'streaming'): Promise<void> {
  const states = step === 'visible' ? "'f', 's', 'r'" : "'r'";
  await waitFor(
    async () => {
      const rows = await target.db.query(`SELECT 1 FROM pg_subscription_rel WHERE srsubstate IN (${states})`);
      return rows.length > 0;
    },
    { describe: 'the initial copy of logical replication', signal: bench.signal },
  );
}

/** Waits until everything that is committed on the source now is applied on the target. */
export async function untilReplayed(bench: Bench, { source }: Ends): Promise<void> {
  const [now] = await source.db.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  await waitFor(
    async () => {
      const rows = await source.db.query(
        'SELECT 1 FROM pg_stat_replication WHERE application_name = $1 AND replay_lsn >= $2::pg_lsn',
        [SUBSCRIPTION, now?.lsn],
      );
      return rows.length > 0;
    },
    { describe: 'logical replication to catch up', signal: bench.signal },
  );
}
