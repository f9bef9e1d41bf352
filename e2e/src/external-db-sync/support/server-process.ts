import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isPortFree } from '@hexclave/embedded-postgres';
import { environmentForChild } from '@hexclave/env';
import { portsOf } from '@hexclave/server';
import { waitUntil } from '@hexclave/testing';

/** The real server in a process of its own, as an operator runs it in production. */
export type ServerProcess = {
  /** Without a trailing slash and without /api. */
  readonly url: string;
  readonly pid: number;
  /** The last lines that it wrote. */
  output(): string;
  /** Resident memory in bytes. */
  memory(): Promise<number>;
  /** Asks it to stop, and resolves to its exit code; `null` if a signal ended it. */
  stop(): Promise<number | null>;
  /** SIGKILL: nothing is finished and nobody is told. */
  kill(): Promise<void>;
};

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const KEPT_OUTPUT = 1_000_000;
const START_TIMEOUT_MS = 30_000;
const STARTS = 5;
/** Below the ports of the embedded PostgreSQL servers. */
const PORT_PREFIXES = [110, 200] as const;

/** Builds the server as `npm run build` does, into a folder that `remove` takes away. */
export async function buildServer(): Promise<{ program: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-e2e-'));
  await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--outdir', join(folder, 'dist')]);
  return {
    program: join(folder, 'dist', 'server.mjs'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Starts the server on a free port and resolves once it is healthy. `nodeOptions`: e.g. a module to load before it. */
export async function startServerProcess(
  program: string,
  environment: Record<string, string>,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    const prefix = await freePortPrefix();
    const server = spawnServer([...nodeOptions, program], prefix, environment);
    try {
      await untilHealthy(server);
      return server;
    } catch (error) {
      await server.kill();
      // Somebody else may have taken the port meanwhile.
      if (attempt === STARTS || !server.output().includes('meant for the API')) throw error;
    }
  }
}

async function freePortPrefix(): Promise<number> {
  for (;;) {
    const prefix = randomInt(...PORT_PREFIXES);
    if (await isPortFree(portsOf(prefix).api)) return prefix;
  }
}

function spawnServer(args: readonly string[], prefix: number, environment: Record<string, string>): ServerProcess {
  const child = spawn(process.execPath, ['--enable-source-maps', ...args], {
    env: environmentForChild({
      ...environment,
      HEXCLAVE_HOST: '127.0.0.1',
      NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX: String(prefix),
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('The server could not be spawned');
  const exited = once(child, 'exit');
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    url: `http://127.0.0.1:${portsOf(prefix).api}`,
    pid,
    output: keepOutput(child),
    memory: () => residentBytes(pid),
    stop: async () => {
      await end('SIGTERM');
      return child.exitCode;
    },
    kill: () => end('SIGKILL'),
  };
}

function keepOutput(child: ChildProcess): () => string {
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => output;
}

async function untilHealthy(server: ServerProcess): Promise<void> {
  const healthy = async () => {
    if (hasEnded(server.pid)) return 'ended';
    return (await fetch(`${server.url}/health`)).ok && 'healthy';
  };
  const outcome = await waitUntil(healthy, {
    timeoutMs: START_TIMEOUT_MS,
    intervalMs: 25,
    describe: 'the server to be healthy',
  });
  if (outcome === 'ended') throw new Error(`The server ended while it started:\n${server.output()}`);
}

/** Signal 0 only asks whether the process is there. */
function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`No VmRSS of process ${pid}`);
  return Number(kilobytes) * 1_024;
}
