import { spawn } from 'node:child_process';
import type { Identity } from './identity.ts';

/**
 * How PostgreSQL's programs are spawned. They get a small environment of their own: `PG*` and `LC_*` variables of
 * ours would change what they do, and our secrets are none of their business. They start in `/`, as the unprivileged
 * user may not be able to enter our working directory.
 */
export function spawnOptions(identity: Identity | undefined) {
  return {
    cwd: process.platform === 'win32' ? undefined : '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    uid: identity?.uid,
    gid: identity?.gid,
    windowsHide: true,
  };
}

/** Runs a program to its end and returns its exit code and all that it printed. */
export function runProgram(
  program: string,
  args: string[],
  identity: Identity | undefined,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...spawnOptions(identity), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
