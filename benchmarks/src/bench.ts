import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type Database } from '@hexclave/db';
import { type Cluster, startCluster } from '@hexclave/embedded-postgres';
import { type Handlers, type Remote, startRemote } from '@hexclave/testing/rpc';
import { type Cleanup, createCleanup } from './cleanup.ts';
import type { Options } from './options.ts';
import { bundleScripts, type Script } from './processes/bundle.ts';
import type { LoadHandlers } from './processes/load.ts';
import { createProgress, type Progress } from './progress.ts';

/** The two clusters of a comparison, with PostgreSQL's default durability. */
export type Clusters = { readonly source: Cluster; readonly target: Cluster };

/** What figures are measured with. */
export type Bench = {
  readonly options: Options;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly cleanup: Cleanup;
  /** Starts the clusters at the first call. */
  clusters(): Promise<Clusters>;
  /** Starts one of our scripts; it is ended with the run if not before. */
  start<H extends Handlers>(script: Script, execArgv?: readonly string[]): Remote<H>;
  /** The load generator: one process for the whole run. */
  load(): Remote<LoadHandlers>;
  /** Makes something once and gives the same to all who ask for that key. */
  once<T>(key: string, make: () => Promise<T>): Promise<T>;
  /** A small pool, closed with the run if not before; its statements may take minutes. */
  connect(connectionString: string): Database;
};

const MINUTES_MS = 60_000;

export type BenchSetup = { readonly options: Options; readonly signal: AbortSignal; readonly silent: boolean };

/** Prepares a run. Nothing heavy is started before a figure asks for it. `cleanup.run()` ends everything. */
export async function createBench({ options, signal, silent }: BenchSetup): Promise<Bench> {
  const cleanup = createCleanup();
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-bench-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  // Entered by the unprivileged user that the servers run as when the benchmark is run by root.
  await chmod(folder, 0o711);
  const scripts = await bundleScripts(join(folder, 'scripts'));
  const made = new Map<string, unknown>();
  const once = <T>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key) as T;
  };
  const start = <H extends Handlers>(script: Script, execArgv?: readonly string[]): Remote<H> => {
    const remote = startRemote<H>(scripts[script], { execArgv });
    cleanup.add(() => remote.stop());
    return remote;
  };
  return {
    options,
    signal,
    cleanup,
    progress: createProgress(silent),
    start,
    once,
    clusters: () => once('clusters', () => startClusters(folder, cleanup)),
    load: () => once('load', () => start<LoadHandlers>('load')),
    connect: (connectionString) => {
      const db = createDatabase({ connectionString, max: 3, statementTimeoutMs: 15 * MINUTES_MS });
      let open = true;
      const end = async () => {
        if (open) await db.end();
        open = false;
      };
      // After Ctrl-C a statement may still be running, and the pool would wait for it; the server's end closes it too.
      cleanup.add(async () => {
        if (!signal.aborted) await end();
      });
      return { ...db, end };
    },
  };
}

async function startClusters(folder: string, cleanup: Cleanup): Promise<Clusters> {
  const start = async (name: string, settings: Record<string, string>) => {
    const cluster = await startCluster({ dataDir: join(folder, name), settings });
    cleanup.add(async () => {
      await cluster.stop('immediate');
      await rm(cluster.dataDir, { recursive: true, force: true });
    });
    return cluster;
  };
  // Counting statements costs both sides of a comparison the same, and next to nothing.
  const counted = { shared_preload_libraries: 'pg_stat_statements' };
  return {
    source: await start('source', { ...counted, wal_level: 'logical' }),
    target: await start('target', {}),
  };
}
