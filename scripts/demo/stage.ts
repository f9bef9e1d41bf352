import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type Database } from '@hexclave/db';
import { startCluster } from '@hexclave/embedded-postgres';
import {
  createDemoApi,
  createInternalDatabase,
  type DemoApi,
  ensureDemoDatabase,
  loadDevelopmentKeys,
  registerDemoDatabase,
} from '@hexclave/server';
import { startServer } from './server-process.ts';

/** Everything the demo plays on. */
export type Stage = {
  api: DemoApi;
  /** The internal database: the source. */
  source: Database;
  /** The external database: the copy. */
  target: Database;
  /** The demo project's. */
  tenancyId: string;
};

/** What is told to take down what has been set up so far, newest first. */
export type CleanUp = (step: () => Promise<unknown>) => void;

/** Sets up fresh databases with the durability that any PostgreSQL has, and a server over them. */
export async function setStage(cleanUp: CleanUp, signal: AbortSignal): Promise<Stage> {
  const folder = await temporaryFolder();
  cleanUp(() => rm(folder, { recursive: true, force: true }));
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  // As root, below a closed folder, the data lies elsewhere than asked for.
  cleanUp(() => rm(cluster.dataDir, { recursive: true, force: true }));
  cleanUp(() => cluster.stop('immediate'));
  const connectionString = await createInternalDatabase(cluster);
  const demo = await ensureDemoDatabase(cluster, randomBytes(24).toString('base64url'));
  signal.throwIfAborted();
  const server = await startServer({ connectionString, dataDirectory: folder, signal });
  cleanUp(server.stop);
  const keys = await loadDevelopmentKeys(folder);
  const api = createDemoApi(server.apiUrl, keys.demo);
  await registerDemoDatabase(api, demo);
  const source = open(connectionString, cleanUp);
  const target = open(demo.connectionString, cleanUp);
  return { api, source, target, tenancyId: await tenancyOf(source, keys.demo.projectId) };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-demo-'));
  // Run by root, PostgreSQL is another user, who has to pass through.
  await chmod(folder, 0o711);
  return folder;
}

function open(connectionString: string, cleanUp: CleanUp): Database {
  // Breaks only when the cluster is stopped.
  const database = createDatabase({
    connectionString,
    max: 2,
    applicationName: 'hexclave demo',
    onError: () => undefined,
  });
  cleanUp(database.end);
  return database;
}

async function tenancyOf(source: Database, projectId: string): Promise<string> {
  const [tenancy] = await source.query<{ id: string }>('SELECT "id" FROM "Tenancy" WHERE "projectId" = $1', [
    projectId,
  ]);
  if (tenancy === undefined) throw new Error(`Project ${projectId} has no tenancy`);
  return tenancy.id;
}
