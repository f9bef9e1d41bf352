import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { explainFailure } from './failures.ts';
import { readPidFile } from './pid-file.ts';
import type { Placement } from './placement.ts';
import { isAlive } from './process-info.ts';
import { spawnOptions } from './run.ts';

/** A server process: one that we spawned, or one that ran already. */
export type ServerProcess = { pid: number; isRunning(): boolean };

export type LaunchOptions = {
  port: number;
  settings?: Record<string, string | number | boolean>;
  onLog?: (line: string) => void;
  env?: Readonly<Record<string, string>>;
};

const POLL_MS = 10;
/** Crash recovery after a power cut can take minutes; without any progress it ends sooner by itself. */
const READY_TIMEOUT_MS = 300_000;
const KEPT_LOG_LINES = 50;

/** Spawns the server and waits until it takes connections. */
export async function launchServer(placement: Placement, options: LaunchOptions): Promise<ServerProcess> {
  const spawning = spawnOptions(placement.identity);
  const child = spawn(join(placement.binaries.binDir, 'postgres'), serverArguments(placement.dataDir, options), {
    ...spawning,
    env: { ...spawning.env, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A session of its own, so that Ctrl-C reaches only us and we can finish our work before we stop it.
    detached: process.platform !== 'win32',
  });
  const log: string[] = [];
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  child.stderr.on(
    'data',
    lineReader((line) => keepLine(log, line, options.onLog)),
  );
  // Neither the process nor its log keeps ours alive: the guard stops the server when we end.
  child.unref();
  (child.stderr as unknown as { unref(): void }).unref();

  const hasEnded = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  const ready = await waitUntilReady(placement.dataDir, child.pid ?? 0, hasEnded);
  const context = { dataDir: placement.dataDir, port: options.port };
  if (!ready) throw explainFailure({ ...context, log: failure?.message ?? log.join('\n') });
  return { pid: child.pid ?? 0, isRunning: () => !hasEnded() };
}

function serverArguments(dataDir: string, { port, settings }: LaunchOptions): string[] {
  const all: Record<string, string | number | boolean> = {
    port,
    // Loopback only, with a password: a socket in a shared folder could be squatted.
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...settings,
  };
  return ['-D', dataDir, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function waitUntilReady(dataDir: string, pid: number, hasEnded: () => boolean): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (hasEnded()) return false;
    const found = await readPidFile(dataDir);
    if (found?.pid === pid && found.status === 'ready') return true;
    await delay(POLL_MS);
  }
  return false;
}

/** Resolves to whether the process ended within the time. */
export async function waitForEnd(server: ServerProcess, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (server.isRunning()) {
    if (Date.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** A server that someone else spawned: only its id is known. */
export function foreignServer(pid: number): ServerProcess {
  return { pid, isRunning: () => isAlive(pid) };
}

function keepLine(log: string[], line: string, onLog: LaunchOptions['onLog']): void {
  log.push(line);
  if (log.length > KEPT_LOG_LINES) log.shift();
  onLog?.(line);
}

function lineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}
