export type BoundedSignal = {
  readonly signal: AbortSignal;
  /** Forgets timer and listener. Call it when the work is done. */
  release(): void;
};

/**
 * A signal that is aborted after `timeoutMs`, or `graceMs` after `parent`. Unlike AbortSignal.any and .timeout it can be
 * released, which matters to a parent that lives as long as the process.
 */
export function boundedSignal(parent: AbortSignal, timeoutMs: number, graceMs = 0): BoundedSignal {
  const controller = new AbortController();
  const timeOut = () => controller.abort(new DOMException('It took too long', 'TimeoutError'));
  const timers = [setTimeout(timeOut, timeoutMs)];
  const follow = () => timers.push(setTimeout(() => controller.abort(parent.reason), graceMs));
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    release: () => {
      for (const timer of timers) clearTimeout(timer);
      parent.removeEventListener('abort', follow);
    },
  };
}
