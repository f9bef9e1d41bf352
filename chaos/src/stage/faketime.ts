import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { currentEnvironment } from '@hexclave/env';

const PLACES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/faketime/libfaketime.so.1',
] as const;

/** A clock that a process is started with, to be moved while it runs. Never the monotonic one. */
export type Clock = {
  /** What the process needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Away from the true time. */
  move(seconds: number): Promise<void>;
};

/** Debian's library that moves clocks. Without it there are no faults of clocks; with CI set, that is an error. */
export function findFaketime(): string | null {
  const library = PLACES.find((place) => existsSync(place));
  if (library !== undefined) return library;
  if (currentEnvironment().CI) throw new Error('libfaketime is needed here and not installed. .ci/run installs it.');
  return null;
}

/** `file` says how far the clock is moved; `null` where clocks cannot be. */
export async function createClock(file: string): Promise<Clock | null> {
  const library = findFaketime();
  if (library === null) return null;
  const move = async (seconds: number) => {
    // Renamed into its place: nobody reads half of it.
    await writeFile(`${file}.next`, `${seconds >= 0 ? '+' : ''}${seconds}s\n`, { mode: 0o644 });
    await rename(`${file}.next`, file);
  };
  await move(0);
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  return { env, move };
}

/** The library keeps these for each process and does not remove them after SIGKILL; the next process of that id could not start. */
const LEFT_BEHIND = ['/dev/shm/faketime_shm_', '/dev/shm/sem.faketime_sem_'] as const;

/** Called once a process that had such a clock has ended. */
export async function clearAfter(pid: number): Promise<void> {
  await Promise.all(LEFT_BEHIND.map((path) => rm(`${path}${pid}`, { force: true })));
}
