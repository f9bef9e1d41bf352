import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { HexclaveError } from '@hexclave/errors';

/** Below those that the system hands out to outgoing connections. */
const LOWEST_PORT = 10_000;
const PORTS = 10_000;
const POLL_MS = 50;

/** `command`: one that starts, stops or changes an emulator. `server`: the emulator itself, for as long as it runs. */
export type LockKind = 'command' | 'server';

/**
 * Lets one process at a time work on an emulator. The lock is a port of the loopback address that follows from the
 * folder: the system gives it back however its holder ends, so none is ever left behind, as files are.
 *
 * @throws {HexclaveError} EMULATOR_BUSY if it cannot be had in time
 */
export async function takeLock(directory: string, kind: LockKind, patienceMs: number): Promise<() => void> {
  const port = await portOf(directory, kind);
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const release = await tryListen(port);
    if (release !== undefined) return release;
    if (Date.now() > giveUpAt) throw busy(directory, port);
    await delay(POLL_MS);
  }
}

async function portOf(directory: string, kind: LockKind): Promise<number> {
  const digest = createHash('sha256')
    .update(`${kind}:${await realpath(directory)}`)
    .digest();
  return LOWEST_PORT + (digest.readUInt32BE(0) % PORTS);
}

async function tryListen(port: number): Promise<(() => void) | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ host: '127.0.0.1', port, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  // It does not keep a process alive that has nothing else to do.
  server.unref();
  return () => void server.close();
}

function busy(directory: string, port: number): HexclaveError {
  return new HexclaveError({
    code: 'EMULATOR_BUSY',
    message: `Another process is at work on the emulator in ${directory}.`,
    remedy: `Wait until it is done, then try again. If there is none, some other program uses port ${port}, which stands for that folder.`,
  });
}
