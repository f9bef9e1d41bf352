import { DestinationError } from '../destination-error.ts';

/** How a step is watched over, all in ms. */
export type StepLimits = {
  /** How often it is asked whether it may go on. */
  readonly askEveryMs: number;
  /** How long it may take. */
  readonly longestMs: number;
};

/**
 * What is switched off, paused or removed has to stop within five seconds, also in the middle of a step. Over a slow link a step
 * takes far less than it may; a target that answers each statement just in time could otherwise hold up others for hours.
 */
const DEFAULT_LIMITS: StepLimits = { askEveryMs: 2_000, longestMs: 120_000 };

export type TurnWatch = {
  /** Aborted when the turn must end. */
  readonly signal: AbortSignal;
  /** Watches over one step. Costs nothing as long as steps are short. */
  during<T>(step: () => Promise<T>): Promise<T>;
  /** Throws if a step took too long. */
  assertInTime(): void;
  release(): void;
};

/** Ends a turn when `parent` is aborted, when `mayGoOn` says no, or when a step takes too long. */
export function watchTurn(
  parent: AbortSignal,
  mayGoOn: () => Promise<boolean>,
  { askEveryMs, longestMs }: StepLimits = DEFAULT_LIMITS,
): TurnWatch {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  let tookTooLong = false;
  let asking = false;
  const look = async (begun: number) => {
    if (performance.now() - begun > longestMs) {
      tookTooLong = true;
      controller.abort();
    }
    if (asking) return;
    asking = true;
    // An internal database that fails ends the step by itself.
    if (!(await mayGoOn().catch(() => true))) controller.abort();
    asking = false;
  };
  return {
    signal: controller.signal,
    during: async (step) => {
      const begun = performance.now();
      const timer = setInterval(() => void look(begun), askEveryMs);
      try {
        return await step();
      } finally {
        clearInterval(timer);
      }
    },
    assertInTime: () => {
      if (tookTooLong && !parent.aborted) throw new DestinationError('TARGET_TIMEOUT');
    },
    release: () => parent.removeEventListener('abort', follow),
  };
}
