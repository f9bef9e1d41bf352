import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { environmentForChild } from '@hexclave/env';
import { atEndOfFile } from '@hexclave/testing';
import { createFolder, createPlace, type Place, ROOT, runProgram } from '../start/program.ts';

/** The command line, as it is run in a checkout. */
export const HEXCLAVE = join(ROOT, 'apps/cli/bin/hexclave.mjs');

const BUNDLER = new URL('../../../scripts/bundle.mjs', import.meta.url).href;

/** The command line as it is published: one file, with the migrations beside it. Returns where that is. */
export async function bundleCommandLine(): Promise<string> {
  const folder = await createFolder();
  const { bundle } = (await import(BUNDLER)) as { bundle: (programs: object, folder: string) => Promise<void> };
  await bundle({ hexclave: join(ROOT, 'apps/cli/src/main.bundle.ts') }, folder);
  await cp(join(ROOT, 'packages/migrations/sql'), join(folder, 'migrations'), { recursive: true });
  // Where npm puts PostgreSQL for whoever installs the package.
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'hexclave.mjs');
}

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly variables?: Record<string, string>;
  /** What comes in on standard input. Default: nothing. */
  readonly input?: string;
  /** Default: as it is run in a checkout. */
  readonly program?: string;
};

/** Runs one command to its end. */
export async function hexclave(
  args: readonly string[],
  { variables, input = '', program = HEXCLAVE }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { cwd: ROOT, env: environmentForChild(variables) });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** A development server, started by the command line. */
export type DevelopmentServer = {
  readonly place: Place;
  /** The bundle that runs the commands. */
  readonly program: string;
  /** Runs a command where this server's keys are found. */
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** The same with `--json`, which must succeed or end with the expected code. */
  json(args: readonly string[], options?: RunOptions & { readonly code?: number }): Promise<unknown>;
  readonly variables: Record<string, string>;
  /** Stops it in order, and starts it again in its place. */
  restart(): Promise<void>;
};

export async function startDevelopmentServer(): Promise<DevelopmentServer> {
  const place = await createPlace();
  const variables = { ...place.variables, HEXCLAVE_CLI_CONFIG_PATH: join(place.directory, 'cli.json') };
  const bundling = bundleCommandLine();
  const start = () => runProgram([HEXCLAVE, 'dev'], { ...variables, HEXCLAVE_LOG_LEVEL: 'error' });
  let dev = start();
  // In order, so that its PostgreSQL has ended before its folder is removed.
  atEndOfFile(async () => {
    dev.kill('SIGTERM');
    await dev.ended();
  });
  await dev.printed('is ready');
  const program = await bundling;
  const run = (args: readonly string[], options: RunOptions = {}) =>
    hexclave(args, { program, ...options, variables: { ...variables, ...options.variables } });
  return {
    place,
    program,
    variables,
    run,
    restart: async () => {
      dev.kill('SIGTERM');
      await dev.ended();
      dev = start();
      await dev.printed('is ready');
    },
    json: async (args, { code = 0, ...options } = {}) => {
      const ended = await run([...args, '--json'], options);
      if (ended.code !== code) throw new Error(`hexclave ${args.join(' ')} ended with ${ended.code}: ${ended.stderr}`);
      return JSON.parse(ended.stdout) as unknown;
    },
  };
}
