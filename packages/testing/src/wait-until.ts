import { setTimeout as delay } from 'node:timers/promises';

export type WaitOptions = {
  /** Default 10,000. */
  timeoutMs?: number;
  /** Default 10. */
  intervalMs?: number;
  /** What is waited for, as in "Waited 10000 ms for <describe>". */
  describe: string;
};

/**
 * Asks again and again until the answer is truthy, and returns it. An error counts as "not yet": it is thrown, with
 * the description, only when time is up.
 */
export async function waitUntil<T>(predicate: () => T | Promise<T>, options: WaitOptions): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask(predicate);
    if (answer.truthy) return answer.value;
    if (performance.now() > deadline) throw timedOut(timeoutMs, options.describe, answer.error);
    await delay(options.intervalMs ?? 10);
  }
}

type Answer<T> = { truthy: true; value: T } | { truthy: false; error?: unknown };

async function ask<T>(predicate: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    const value = await predicate();
    return value ? { truthy: true, value } : { truthy: false };
  } catch (error) {
    return { truthy: false, error };
  }
}

function timedOut(timeoutMs: number, describe: string, cause: unknown): Error {
  const detail = cause === undefined ? '' : `; the last try failed with: ${String(cause)}`;
  return new Error(`Waited ${timeoutMs} ms for ${describe}${detail}`, { cause });
}
