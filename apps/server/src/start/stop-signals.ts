import { isRunByNpm } from '@hexclave/env';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm passes on a Ctrl-C that the terminal has sent to us as well: one press can arrive twice. */
const SAME_PRESS_MS = 1_000;
const PARENT_POLL_MS = 200;
/** After that, whatever still hangs is left to the crash safety that everything here has anyway. */
const LAST_RESORT_MS = 35_000;

export type Stopping = {
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  /** Asks it. */
  stop(): void;
};

/** Who asks again, or has waited for too long, gets an immediate end with exit code 1. */
export function watchForStop(onStopping: () => void): Stopping {
  const stopping = new AbortController();
  let stopAt = 0;
  const stop = () => {
    if (stopping.signal.aborted) return;
    stopAt = Date.now();
    setTimeout(() => endNow('It took too long to stop in order'), LAST_RESORT_MS).unref();
    onStopping();
    stopping.abort();
  };
  const onSignal = () => {
    if (stopping.signal.aborted && Date.now() - stopAt > SAME_PRESS_MS) endNow('Stopped without waiting');
    stop();
  };
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  whenNpmEnds(onSignal);
  return { signal: stopping.signal, stop };
}

/**
 * Run by npm, we are the child of a shell. SIGTERM to npm ends that shell and npm itself, but is not passed on to us:
 * without this, the server would go on unseen and hold its ports.
 */
export function whenNpmEnds(callback: () => void): void {
  if (!isRunByNpm() || process.platform === 'win32') return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    callback();
  }, PARENT_POLL_MS);
  watch.unref();
}

function endNow(why: string): never {
  console.error(`${why}; what was under way is taken up again at the next start.`);
  process.exit(1);
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
