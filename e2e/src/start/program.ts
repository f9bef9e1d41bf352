import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPortFree } from '@hexclave/embedded-postgres';
import { environmentForChild } from '@hexclave/env';
import { type Ports, portsOf } from '@hexclave/server';
import { atEndOfFile, waitUntil } from '@hexclave/testing';

/** A program under test, as somebody would run it in a terminal. */
export type Program = {
  readonly pid: number;
  /** Everything it has printed. */
  output(): string;
  /** Resolves once it has printed `text`; fails when it ends before. */
  printed(text: string): Promise<string>;
  /** Resolves to the exit code, null if a signal ended it. */
  ended(): Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
};

export type Variables = Record<string, string>;

/** A folder and ports of its own, as a fresh clone on another machine would have. */
export type Place = { readonly directory: string; readonly ports: Ports; readonly variables: Variables };

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PATIENCE_MS = 60_000;

export async function createPlace(): Promise<Place> {
  const directory = await createFolder();
  const prefix = await freePortPrefix();
  return {
    directory,
    ports: portsOf(prefix),
    variables: { HEXCLAVE_DATA_DIRECTORY: directory, NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX: String(prefix) },
  };
}

export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-start-'));
  // Run by root, PostgreSQL is another user, who has to pass through.
  await chmod(folder, 0o711);
  // The PostgreSQL of a program that was killed shuts down behind it, and writes into what is being emptied until then.
  atEndOfFile(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return folder;
}

/** Whose program may not listen yet. */
const handedOut = new Set<number>();

async function freePortPrefix(): Promise<number> {
  for (;;) {
    const prefix = randomInt(200, 320);
    if (handedOut.has(prefix)) continue;
    handedOut.add(prefix);
    const free = await Promise.all(Object.values(portsOf(prefix)).map(isPortFree));
    if (free.every(Boolean)) return prefix;
  }
}

/** Runs a script of this repository, or another file, with none of the settings of whoever runs the tests. */
export function runProgram(args: string[], variables: Variables): Program {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: environmentForChild(variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  atEndOfFile(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    printed: (text) => untilPrinted(child, () => output, text),
    ended: () => closed,
    kill: (signal) => child.kill(signal),
  };
}

async function untilPrinted(child: ChildProcess, output: () => string, text: string): Promise<string> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  await waitUntil(() => output().includes(text) || hasEnded(), { timeoutMs: PATIENCE_MS, describe: `"${text}"` });
  if (!output().includes(text)) throw new Error(`It ended without printing "${text}":\n${output()}`);
  return output();
}

/** `npm start`, without npm. */
export function start(variables: Variables): Program {
  return runProgram(['scripts/start.mjs'], variables);
}

/** `npm run build` into another folder. Returns the path of the bundle. */
export async function buildBundle(folder: string): Promise<string> {
  const build = runProgram(['scripts/build.mjs', '--outdir', folder], {});
  if ((await build.ended()) !== 0) throw new Error(`The build failed:\n${build.output()}`);
  return join(folder, 'server.mjs');
}

/** Some other program that got hold of a port first. */
export async function occupyPort(port: number): Promise<void> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen({ port, host: '127.0.0.1' }, () => resolve()));
  atEndOfFile(() => new Promise((resolve) => server.close(() => resolve())));
}
