import { spawn } from 'node:child_process';
import { environmentForChild } from '@hexclave/env';
import { atEndOfFile, programOrSkip, waitUntil } from '@hexclave/testing';
import { ROOT } from '../start/program.ts';

/** A command in a terminal of its own, 30 lines of 100 columns, with somebody at the keyboard. */
export type Terminal = {
  /** All that was written to it so far. */
  output(): string;
  /** Resolves once all of it matches. */
  shows(pattern: RegExp): Promise<void>;
  type(keys: string): void;
  ended(): Promise<number | null>;
};

/** `script` of util-linux gives a program a terminal. */
export const SCRIPT = programOrSkip('script');

export function inTerminal(program: string, args: readonly string[], variables: Record<string, string>): Terminal {
  const command = ['stty rows 30 cols 100;', 'exec', process.execPath, program, ...args].join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: ROOT,
    env: environmentForChild({ ...variables, TERM: 'xterm-256color' }),
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  atEndOfFile(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return {
    output: () => output,
    shows: async (pattern) => {
      await waitUntil(() => pattern.test(output), { timeoutMs: 30_000, describe: `${pattern} in a terminal` }).catch(
        (error: Error) => {
          throw new Error(`${error.message}; it shows:\n${output}`, { cause: error });
        },
      );
    },
    type: (keys) => child.stdin.write(keys),
    ended: () => closed,
  };
}
