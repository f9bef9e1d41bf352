import { appendFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '@hexclave/db';
import { type Cluster, type ClusterOptions, copyCluster, initialise, startCluster } from '@hexclave/embedded-postgres';
import { loadEnvironment, TEST_CATALOGUE } from '@hexclave/env';
import { describeError } from '@hexclave/errors';
import { migrate } from '@hexclave/migrations';
import type { TestProject } from 'vitest/node';
import { removeCluster, THROW_AWAY_SETTINGS } from './throw-away.ts';

const TEMPLATE = 'hexclave_template';

/** One PostgreSQL for the whole run. `HEXCLAVE_TEST_POSTGRES_BIN_DIR` picks another version's programs. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { postgresBinDir: binDir, postgresLog } = loadEnvironment(TEST_CATALOGUE, { defaultMode: 'test' });
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-test-'));
  // Entered by the unprivileged user that the server runs as when the tests are run by root.
  await chmod(folder, 0o711);
  const pristineDataDir = join(folder, 'pristine');
  const dataDir = join(folder, 'data');
  const pristine = await initialise({ dataDir: pristineDataDir, binDir, sync: false });
  await copyCluster({ from: pristineDataDir, to: dataDir, binDir });
  const cluster = await startCluster({ dataDir, binDir, ...loggedTo(postgresLog) });
  project.provide('hexclaveTestCluster', {
    connectionString: cluster.connectionString(),
    templateDatabase: TEMPLATE,
    templateError: await createTemplate(cluster),
    pristineDataDir,
    binDir,
  });
  return async () => {
    await removeCluster(cluster);
    // Elsewhere than in the folder when the server could not reach that.
    await rm(pristine, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  };
}

function loggedTo(file: string | undefined): Pick<ClusterOptions, 'settings' | 'onLog'> {
  if (file === undefined) return { settings: THROW_AWAY_SETTINGS };
  return {
    settings: { ...THROW_AWAY_SETTINGS, log_line_prefix: '%e ' },
    onLog: (line) => appendFileSync(file, `${line}\n`),
  };
}

/** Returns what went wrong, if anything did. */
async function createTemplate(cluster: Cluster): Promise<string | undefined> {
  const db = createDatabase({ connectionString: cluster.connectionString(), max: 1 });
  try {
    await db.query(`CREATE DATABASE "${TEMPLATE}"`);
    await migrate({ connectionString: cluster.connectionString(TEMPLATE) });
    return undefined;
  } catch (error) {
    return describeError(error);
  } finally {
    await db.end();
  }
}
