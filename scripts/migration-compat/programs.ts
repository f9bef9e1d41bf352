import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { currentEnvironment } from '@hexclave/env';

/** The programs that run now, so that all can be ended. */
export type Programs = { readonly running: Set<ChildProcess>; stopped: boolean };

export class Stopped extends Error {
  override name = 'Stopped';
}

export type ProgramOptions = {
  env?: Record<string, string>;
  /** Told each line that the program writes on file descriptor 3. */
  onReport?: (line: string) => void;
};

/** Runs a program to its end. `output`: the last of what it printed. */
export async function runProgram(
  programs: Programs,
  program: string,
  args: readonly string[],
  cwd: string,
  { env = {}, onReport = () => undefined }: ProgramOptions = {},
): Promise<{ code: number | null; output: string }> {
  if (programs.stopped) throw new Stopped();
  const child = spawn(program, args, {
    cwd,
    env: { ...currentEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  programs.running.add(child);
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  readLines(child.stdio[3] as Readable, onReport);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => programs.running.delete(child));
  if (programs.stopped) throw new Stopped();
  return { code, output };
}

const KEPT_OUTPUT = 20_000;
const GRACE_MS = 10_000;

/** Ends all that runs. Their own ends are awaited by who started them. */
export function stopPrograms(programs: Programs): void {
  programs.stopped = true;
  for (const child of programs.running) {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
