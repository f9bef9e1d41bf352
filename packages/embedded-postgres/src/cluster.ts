import { join as joinPath } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isPortTaken, portTaken } from './failures.ts';
import { type Guard, guardServer } from './guard.ts';
import { copyData, ensureCluster, type InitialiseOptions, readPassword, SUPERUSER } from './initialise.ts';
import { forgetOwner, liveOwner, recordOwner } from './owner.ts';
import { findRunning, type PidFile } from './pid-file.ts';
import { type Placement, place } from './placement.ts';
import { findFreePort, isPortFree } from './ports.ts';
import { runProgram } from './run.ts';
import { foreignServer, launchServer, type ServerProcess, waitForEnd } from './server.ts';

export type ClusterOptions = InitialiseOptions & {
  /** Created when missing. Below a folder that an unprivileged server cannot reach, root keeps the data elsewhere. */
  dataDir: string;
  /** Default: any free one below 32768. */
  port?: number;
  /** The folder of another PostgreSQL's programs, for example `/usr/lib/postgresql/15/bin`. */
  binDir?: string;
  /** Server settings, as in `postgresql.conf`. */
  settings?: Record<string, string | number | boolean>;
  /** Told every line that the server logs (not of one that ran already). */
  onLog?: (line: string) => void;
  /** Of the server, besides the few variables that it always gets: nothing of our own environment. */
  env?: Readonly<Record<string, string>>;
};

/** PostgreSQL's shutdown modes: wait for clients, disconnect them, or leave everything to crash recovery. */
export type StopMode = 'smart' | 'fast' | 'immediate';

export type Cluster = {
  readonly port: number;
  readonly pid: number;
  /** Where the data really lies. */
  readonly dataDir: string;
  /**
   * `started` by this call, or `shared` with the live process that did: then `stop` leaves it running.
   */
  readonly ownership: 'started' | 'shared';
  /** Sentences for the terminal about anything unusual. */
  readonly notes: string[];
  /** For the superuser, password included: not for logs. */
  connectionString(database?: string): string;
  isRunning(): boolean;
  /** Default mode: `fast`. Resolves when the server has ended. */
  stop(mode?: StopMode): Promise<void>;
  /** Sends a signal to the server's main process, for tests of faults. */
  kill(signal: NodeJS.Signals): void;
};

const STOP_SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
const STOP_TIMEOUT_MS = 30_000;
const START_ATTEMPTS = 20;
const RETRY_MS = 250;
/** How long a server may run without an owner on record: one that just started it has yet to write that down. */
const ORPHAN_GRACE_MS = 2_000;
const SETTLE_POLL_MS = 20;

/** Creates the cluster at `dataDir` unless it is there, without starting it. Returns where the data really lies. */
export async function initialise(options: Pick<ClusterOptions, 'dataDir' | 'binDir' | 'sync'>): Promise<string> {
  const placement = await place(options);
  await ensureCluster(placement, options);
  return placement.dataDir;
}

/** Where the data of the cluster at `dataDir` really lies, or would lie. */
export async function dataFolderOf(options: Pick<ClusterOptions, 'dataDir' | 'binDir'>): Promise<string> {
  const { dataDir } = await place(options);
  return dataDir;
}

/** Copies a stopped cluster, far faster than initialising another. The copy has the same superuser password. */
export async function copyCluster(options: { from: string; to: string; binDir?: string }): Promise<void> {
  const source = await place({ dataDir: options.from, binDir: options.binDir });
  await copyData(source.dataDir, await place({ dataDir: options.to, binDir: options.binDir }));
}

/** Starts the cluster at `dataDir`, creating it when missing, or joins the server that already runs on it. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const placement = await place(options);
  await ensureCluster(placement, options);
  const password = await readPassword(placement.dataDir);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOrJoin(placement, options, password);
    } catch (error) {
      if (attempt >= START_ATTEMPTS || !isPassing(error, options)) throw error;
      await delay(RETRY_MS);
    }
  }
}

/** Failures that go away: a rival took the port or started first, or a killed server's children are still ending. */
function isPassing(error: unknown, options: ClusterOptions): boolean {
  if (isPortTaken(error)) return options.port === undefined;
  return error instanceof Error && /lock file|shared memory block|is still in use/.test(error.message);
}

async function startOrJoin(placement: Placement, options: ClusterOptions, password: string): Promise<Cluster> {
  const running = await settledServer(placement.dataDir);
  if (running !== undefined) return sharedCluster(placement, running, password);
  const port = options.port ?? (await findFreePort());
  if (!(await isPortFree(port))) throw portTaken(port);
  const server = await launchServer(placement, { ...options, port });
  const guard = guardServer(server.pid, placement.identity);
  await recordOwner(placement.dataDir);
  return ownedCluster({ placement, server, guard, port, password });
}

/**
 * The server that already runs on the data folder and that a live process looks after. One that nobody looks after
 * any more (its guard may just be stopping it) is stopped, so that the next start begins from a known state.
 */
async function settledServer(dataDir: string): Promise<PidFile | undefined> {
  const orphanedAt = Date.now() + ORPHAN_GRACE_MS;
  for (;;) {
    const found = await findRunning(dataDir);
    if (found === undefined) return undefined;
    if (found.status === 'ready') {
      if ((await liveOwner(dataDir)) !== undefined) return found;
      if (Date.now() > orphanedAt) await stopServer(foreignServer(found.pid), dataDir, 'fast');
    }
    await delay(SETTLE_POLL_MS);
  }
}

function sharedCluster(placement: Placement, running: PidFile, password: string): Cluster {
  const server = foreignServer(running.pid);
  const note = `PostgreSQL runs already (process ${running.pid}, port ${running.port}); it is shared with the Hexclave that started it.`;
  return {
    ...describeCluster(placement, server, running.port, password),
    ownership: 'shared',
    notes: [...placement.notes, note],
    stop: async () => undefined,
  };
}

type OwnedParts = { placement: Placement; server: ServerProcess; guard: Guard; port: number; password: string };

function ownedCluster({ placement, server, guard, port, password }: OwnedParts): Cluster {
  return {
    ...describeCluster(placement, server, port, password),
    ownership: 'started',
    notes: placement.notes,
    stop: async (mode = 'fast') => {
      await stopServer(server, placement.dataDir, mode);
      guard.release();
      await forgetOwner(placement.dataDir);
    },
  };
}

function describeCluster({ dataDir }: Placement, server: ServerProcess, port: number, password: string) {
  return {
    port,
    pid: server.pid,
    dataDir,
    connectionString: (database = 'postgres') =>
      `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    isRunning: () => server.isRunning(),
    kill: (signal: NodeJS.Signals) => {
      if (server.isRunning()) process.kill(server.pid, signal);
    },
  };
}

/** Asks for a shutdown and, should that take too long, insists: the data is safe in every mode. */
async function stopServer(server: ServerProcess, dataDir: string, mode: StopMode): Promise<void> {
  for (const step of mode === 'immediate' ? [mode] : ([mode, 'immediate'] as const)) {
    if (!server.isRunning()) return;
    await requestShutdown(server, dataDir, step);
    if (await waitForEnd(server, STOP_TIMEOUT_MS)) return;
  }
  process.kill(server.pid, 'SIGKILL');
  await waitForEnd(server, STOP_TIMEOUT_MS);
}

async function requestShutdown(server: ServerProcess, dataDir: string, mode: StopMode): Promise<void> {
  if (process.platform !== 'win32') {
    process.kill(server.pid, STOP_SIGNALS[mode]);
    return;
  }
  // Windows has no signals; pg_ctl speaks PostgreSQL's replacement for them.
  const { binaries } = await place({ dataDir });
  await runProgram(joinPath(binaries.binDir, 'pg_ctl'), ['stop', '-W', '-m', mode, '-D', dataDir], undefined);
}
