/** A sleeper and those who wake it, in one process. */
export type Waker = {
  /** Ends the present sleep, or the next one if nobody sleeps: a wake is never lost. */
  wake(): void;
  /** Sleeps until woken, aborted, or `ms` have passed. Resolves to whether it was woken. */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean>;
};

export function createWaker(): Waker {
  let woken = false;
  let end: (() => void) | null = null;
  return {
    wake: () => {
      woken = true;
      end?.();
    },
    sleep: async (ms, signal) => {
      if (!woken && signal?.aborted !== true) await until(ms, signal, (resolve) => (end = resolve));
      end = null;
      const wasWoken = woken;
      woken = false;
      return wasWoken;
    },
  };
}

function until(ms: number, signal: AbortSignal | undefined, onResolve: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, ms);
    function finish() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    }
    signal?.addEventListener('abort', finish, { once: true });
    onResolve(finish);
  });
}
