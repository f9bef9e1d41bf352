import { setTimeout as delay } from 'node:timers/promises';

export type WaitOptions = {
  readonly describe: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
};

/** Asks until the answer is true. Errors are thrown at once: what is not there yet is for `ask` to say. */
export async function waitFor(ask: () => Promise<boolean>, options: WaitOptions): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 300_000;
  const deadline = performance.now() + timeoutMs;
  while (!(await ask())) {
    options.signal.throwIfAborted();
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${options.describe}`);
    await delay(options.everyMs ?? 5);
  }
}
