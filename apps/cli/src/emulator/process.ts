import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { HexclaveError } from '@hexclave/errors';
import type { EmulatorSecrets } from '@hexclave/server';
import { emulatorEnvironment } from './environment.ts';
import type { Home } from './home.ts';
import { findRunning, forgetRunning, isStillThere, type Running } from './state.ts';

export type StartOptions = {
  home: Home;
  portPrefix: number;
  secrets: EmulatorSecrets;
  source: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
};

const READY_PATIENCE_MS = 120_000;
const HEALTH_TIMEOUT_MS = 2_000;
const POLL_MS = 50;
/** The server ends by itself after 35 s at the latest. */
const STOP_PATIENCE_MS = 40_000;
const KILL_PATIENCE_MS = 10_000;
const SHOWN_LOG_LINES = 15;

/** Starts the server in the background, and resolves once it answers. */
export async function startProcess(options: StartOptions): Promise<Running> {
  const { home, source, signal } = options;
  const logFile = await open(home.log, 'a', 0o600);
  await chmod(home.log, 0o600);
  const { size } = await logFile.stat();
  // The very program that runs now, in a session of its own: it outlives the terminal.
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', 'emulator', 'serve'], {
    detached: true,
    stdio: ['ignore', logFile.fd, logFile.fd],
    env: emulatorEnvironment(source, options),
  });
  const ended = once(child, 'exit').then(
    () => true,
    () => true,
  );
  await logFile.close();
  try {
    return await untilReady(options, ended);
  } catch (error) {
    child.kill('SIGTERM');
    if (!(await Promise.race([ended, delay(STOP_PATIENCE_MS, false, { ref: false })]))) child.kill('SIGKILL');
    signal.throwIfAborted();
    throw await notReady(home, size, error);
  } finally {
    child.unref();
  }
}

async function untilReady({ home, signal }: StartOptions, ended: Promise<boolean>): Promise<Running> {
  const giveUpAt = Date.now() + READY_PATIENCE_MS;
  for (;;) {
    const running = await findRunning(home);
    if (running !== undefined && (await isHealthy(running))) return running;
    if (Date.now() > giveUpAt) throw new Error(`It was not ready within ${READY_PATIENCE_MS / 1_000} s.`);
    if (await Promise.race([ended, delay(POLL_MS, false, { signal })])) throw new Error('Its server has ended.');
  }
}

export async function isHealthy({ portPrefix }: Running): Promise<boolean> {
  const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
  return await fetch(`http://127.0.0.1:${portPrefix}02/health`, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function notReady(home: Home, logBefore: number, error: unknown): Promise<HexclaveError> {
  const log = await readFile(home.log).catch(() => Buffer.alloc(0));
  const lines = log.subarray(logBefore).toString().trim().split('\n').slice(-SHOWN_LOG_LINES);
  return new HexclaveError({
    code: 'EMULATOR_NOT_READY',
    message: `The emulator did not start. ${error instanceof Error ? error.message : ''}\n${lines.join('\n')}`.trim(),
    remedy: `Remove the cause, then start again. Everything it has logged: ${home.log}`,
  });
}

/** Stops the server in order, or by force after 40 s, which does no harm. Resolves to whether one ran. */
export async function stopProcess(home: Home): Promise<boolean> {
  const running = await findRunning(home);
  if (running !== undefined) {
    send(running.pid, 'SIGTERM');
    if (!(await untilGone(running, STOP_PATIENCE_MS))) {
      send(running.pid, 'SIGKILL');
      await untilGone(running, KILL_PATIENCE_MS);
    }
  }
  await forgetRunning(home);
  return running !== undefined;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function untilGone(running: Running, patienceMs: number): Promise<boolean> {
  const giveUpAt = Date.now() + patienceMs;
  while (await isStillThere(running)) {
    if (Date.now() > giveUpAt) return false;
    await delay(POLL_MS);
  }
  return true;
}
