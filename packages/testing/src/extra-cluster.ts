import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, type ClusterOptions, copyCluster, startCluster } from '@hexclave/embedded-postgres';
import { atEndOfFile } from './cleanup.ts';
import { testCluster } from './context.ts';
import { removeCluster, THROW_AWAY_SETTINGS } from './throw-away.ts';

export type ExtraCluster = Cluster & {
  /** Starts it again on the same data and port, after `stop` or `kill`. */
  restart(): Promise<void>;
};

/** An empty PostgreSQL of its own, for tests that stop or kill it. Removed at the end of the file. */
export async function startExtraCluster(
  options: Pick<ClusterOptions, 'settings' | 'port' | 'onLog'> = {},
): Promise<ExtraCluster> {
  const { pristineDataDir, binDir } = testCluster();
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-test-extra-'));
  await chmod(folder, 0o711);
  const dataDir = join(folder, 'data');
  await copyCluster({ from: pristineDataDir, to: dataDir, binDir });
  const startOn = (port?: number) =>
    startCluster({ ...options, port, dataDir, binDir, settings: { ...THROW_AWAY_SETTINGS, ...options.settings } });

  let current = await startOn(options.port);
  const { port } = current;
  atEndOfFile(async () => {
    await removeCluster(current);
    await rm(folder, { recursive: true, force: true });
  });
  return {
    port,
    dataDir: current.dataDir,
    ownership: current.ownership,
    notes: current.notes,
    get pid() {
      return current.pid;
    },
    connectionString: (database) => current.connectionString(database),
    isRunning: () => current.isRunning(),
    stop: (mode) => current.stop(mode),
    kill: (signal) => current.kill(signal),
    restart: async () => {
      await current.stop();
      current = await startOn(port);
    },
  };
}
