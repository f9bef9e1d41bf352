import { DestinationError } from '../destination-error.ts';

/** What is switched off, paused or removed has to stop within five seconds, also in the middle of a step. */
const ASK_EVERY_MS = 2_000;
/** Far more than a step takes over a slow link. A target that answers each statement just in time could otherwise hold up others for hours. */
const LONGEST_STEP_MS = 120_000;

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
export function watchTurn(parent: AbortSignal, mayGoOn: () => Promise<boolean>): TurnWatch {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  let tookTooLong = false;
  let asking = false;
  const look = async (begun: number) => {
    if (performance.now() - begun > LONGEST_STEP_MS) {
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
      const timer = setInterval(() => void look(begun), ASK_EVERY_MS);
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
