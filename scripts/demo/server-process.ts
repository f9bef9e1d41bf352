import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isPortFree } from '@hexclave/embedded-postgres';
import { environmentForChild } from '@hexclave/env';
import { portsOf } from '@hexclave/server';

export type ServerProcess = {
  /** With the path of the API. */
  apiUrl: string;
  stop(): Promise<void>;
};

export type ServerOptions = { connectionString: string; dataDirectory: string; signal: AbortSignal };

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 40_000;
const POLL_MS = 50;
const KEPT_OUTPUT = 4_000;

/** Starts the server on a port of its own, untouched by the settings of the one that is otherwise run here. */
export async function startServer({ connectionString, dataDirectory, signal }: ServerOptions): Promise<ServerProcess> {
  const prefix = await freePortPrefix();
  const child = spawn(process.execPath, [fileURLToPath(new URL('./server.mjs', import.meta.url))], {
    env: environmentForChild({
      HEXCLAVE_DATABASE_CONNECTION_STRING: connectionString,
      HEXCLAVE_DATA_DIRECTORY: dataDirectory,
      HEXCLAVE_LOG_LEVEL: 'warn',
      NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX: String(prefix),
    }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C is for us, who then stop it in order.
    detached: process.platform !== 'win32',
  });
  const output = keepOutput(child);
  const apiUrl = `http://127.0.0.1:${portsOf(prefix).api}/api/v1`;
  try {
    await untilHealthy(`${apiUrl}/health`, child, signal);
  } catch (error) {
    await stop(child);
    signal.throwIfAborted();
    throw new Error(`The server did not start. Its last lines were:\n${output()}`, { cause: error });
  }
  return { apiUrl, stop: () => stop(child) };
}

async function freePortPrefix(): Promise<number> {
  for (;;) {
    const prefix = randomInt(200, 320);
    if (await isPortFree(portsOf(prefix).api)) return prefix;
  }
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

async function untilHealthy(url: string, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!hasEnded(child) && Date.now() < deadline) {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(1_000)]) }).catch(
      () => null,
    );
    if (answer?.ok) return;
    await delay(POLL_MS, undefined, { signal });
  }
  throw new Error(hasEnded(child) ? 'it ended' : 'it does not answer');
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(killer);
}
