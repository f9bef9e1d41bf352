import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isAlive, startToken } from '@hexclave/embedded-postgres';
import { z } from 'zod';
import type { Home } from './home.ts';

const schema = z.object({
  pid: z.int().positive(),
  /** Tells the process from a later one with the same id. */
  startToken: z.string(),
  portPrefix: z.int().positive(),
  startedAtMs: z.number(),
});

/** The server of an emulator that runs, as it has written it down itself. */
export type Running = z.output<typeof schema>;

/** Written by the server's own process, so that there is no moment at which it runs and nobody knows of it. */
export async function recordRunning({ state }: Home, portPrefix: number): Promise<void> {
  const facts: Running = {
    pid: process.pid,
    startToken: await startToken(process.pid),
    portPrefix,
    startedAtMs: Date.now(),
  };
  const draft = `${state}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(facts)}\n`, { mode: 0o600 });
  await rename(draft, state);
}

/** `undefined` when none runs: a file that a killed one has left does not count. */
export async function findRunning({ state }: Home): Promise<Running | undefined> {
  const text = await readFile(state, 'utf8').catch(() => undefined);
  const parsed = text === undefined ? undefined : schema.safeParse(JSON.parse(text));
  return parsed?.success && (await isStillThere(parsed.data)) ? parsed.data : undefined;
}

export async function isStillThere({ pid, startToken: token }: Running): Promise<boolean> {
  return isAlive(pid) && (await startToken(pid)) === token;
}

export async function forgetRunning({ state }: Home): Promise<void> {
  await rm(state, { force: true });
}
