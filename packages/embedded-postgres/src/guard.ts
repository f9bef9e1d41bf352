import { spawn } from 'node:child_process';
import type { Identity } from './identity.ts';
import { spawnOptions } from './run.ts';

/** Stops looking after the server; the server itself is left alone. */
export type Guard = { release(): void };

/**
 * Waits on a pipe that only this process holds. The end of the pipe means that we are gone, however that came about
 * (SIGKILL included), and then the server is asked for a fast shutdown. A line means that we no longer mind.
 */
const GUARD_SCRIPT = 'read line || kill -INT "$1"';

/** Sees to it that the server `pid` does not outlive this process. */
export function guardServer(pid: number, identity: Identity | undefined): Guard {
  if (process.platform === 'win32') return guardOnExit(pid);
  const guard = spawn('/bin/sh', ['-c', GUARD_SCRIPT, 'hexclave-postgres-guard', String(pid)], {
    ...spawnOptions(identity),
    stdio: ['pipe', 'ignore', 'ignore'],
    // A session of its own: Ctrl-C in the terminal is for us, who then stop the server in order.
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return { release: () => guard.stdin.end('released\n') };
}

/** Windows has no signals that would let the server shut down: it recovers at its next start. */
function guardOnExit(pid: number): Guard {
  const stop = () => {
    try {
      process.kill(pid);
    } catch {
      // It has ended already.
    }
  };
  process.once('exit', stop);
  return { release: () => process.off('exit', stop) };
}
