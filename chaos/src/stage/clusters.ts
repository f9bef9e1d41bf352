import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '@hexclave/db';
import { type Cluster, type ClusterOptions, copyCluster, initialise, startCluster } from '@hexclave/embedded-postgres';
import { migrate } from '@hexclave/migrations';
import { installSourceLog } from '../checks/source-log.ts';
import { type Bundler, createBundler } from '../processes/bundle.ts';
import { type Clock, createClock } from './faketime.ts';
import { createRestartable, type Restartable } from './restartable.ts';

/** Two PostgreSQLs, one for internal databases and one for targets, and what else lives as long as the whole run. */
export type Clusters = {
  readonly internal: Restartable;
  readonly targets: Restartable;
  /** Of the internal databases; `null` where clocks cannot be moved. */
  readonly clock: Clock | null;
  /** An internal database with all migrations and the source's log, to be copied. */
  readonly template: string;
  /** A folder for whatever else a run needs. */
  readonly folder: string;
  readonly bundler: Bundler;
  /** How often a target refused a batch because its position had moved. */
  fenced(): number;
  stop(): Promise<void>;
};

const TEMPLATE = 'chaos_template';

/** The operating system does not crash here, so nothing has to wait for a disk; what PostgreSQL's own crash loses, it loses all the same. */
const SETTINGS = {
  fsync: false,
  full_page_writes: false,
  max_connections: 200,
  deadlock_timeout: '100ms',
  autovacuum: false,
};

export async function startClusters(): Promise<Clusters> {
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-chaos-'));
  // Entered by the unprivileged user that the servers run as when this is run by root.
  await chmod(folder, 0o711);
  const pristine = await initialise({ dataDir: join(folder, 'pristine'), sync: false });
  let fenced = 0;
  const count = (line: string) => {
    if (line.includes('the position has moved')) fenced += 1;
  };
  const clock = await createClock(join(folder, 'clock-internal'));
  const start = async (name: string, options: Pick<ClusterOptions, 'onLog' | 'env'>) => {
    const dataDir = join(folder, name);
    await copyCluster({ from: pristine, to: dataDir });
    return createRestartable((port) => startCluster({ dataDir, port, settings: SETTINGS, ...options }));
  };
  const [internal, targets] = await Promise.all([
    start('internal', { env: clock?.env }),
    start('targets', { onLog: count }),
  ]);
  await createTemplate(internal.current());
  const bundler = await createBundler(folder);
  return {
    internal,
    targets,
    clock,
    template: TEMPLATE,
    folder,
    bundler,
    fenced: () => fenced,
    stop: async () => {
      await bundler.close();
      await Promise.all([internal, targets].map((cluster) => cluster.current().stop('immediate')));
      const places = [pristine, internal.current().dataDir, targets.current().dataDir, folder];
      for (const place of places) await rm(place, { recursive: true, force: true });
    },
  };
}

async function createTemplate(cluster: Cluster): Promise<void> {
  await administer(cluster, `CREATE DATABASE ${TEMPLATE}`);
  const connectionString = cluster.connectionString(TEMPLATE);
  await migrate({ connectionString });
  const db = createDatabase({ connectionString, max: 1 });
  try {
    await installSourceLog(db);
  } finally {
    await db.end();
  }
}

/** Runs statements as the superuser, outside of all databases of a run. */
export async function administer(cluster: Cluster, ...statements: readonly string[]): Promise<void> {
  const admin = createDatabase({ connectionString: cluster.connectionString(), max: 1 });
  try {
    for (const statement of statements) await admin.query(statement);
  } finally {
    await admin.end();
  }
}
