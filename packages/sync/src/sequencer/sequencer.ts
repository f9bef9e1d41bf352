import type { Database } from '@hexclave/db';
import type { PipelineObserver } from '../observer.ts';
import type { ClaimedRequest } from '../outgoing-requests/request.ts';
import type { Waker } from '../waker.ts';
import { numberBatch } from './pass.ts';
import { afterPass, afterWake, initialState, type SequencerState } from './step.ts';

export type SequencerOptions = {
  readonly db: Database;
  /** Rung when a writer's commit asks for us; also ends the pause after an error. */
  readonly waker: Waker;
  /** How many syncs this process can take up at once. */
  readonly room: () => number;
  /** Called with each sync that a pass has queued and claimed. */
  readonly onClaimed: (request: ClaimedRequest) => void;
  /** Called after a pass that has queued what may be claimed by anybody. */
  readonly onQueued: () => void;
  readonly onError: (error: unknown) => void;
} & Watching;

/** Who looks on. */
export type Watching = {
  readonly observer?: PipelineObserver | undefined;
  /** Whether it is noted how far changes have come whose writers said where they come from; see origins/. */
  readonly followOrigins?: boolean | undefined;
};

const AFTER_ERROR_MS = 1_000;

/** Passes until nothing is left or the time is up: what the cron route runs. Returns how many rows were numbered. */
export async function numberAll(
  db: Database,
  maxDurationMs: number,
  signal?: AbortSignal,
  watching: Watching = {},
): Promise<bigint> {
  const deadline = performance.now() + maxDurationMs;
  let state = initialState;
  let total = 0n;
  while (performance.now() < deadline && signal?.aborted !== true) {
    const pass = await observedPass({ db, ...watching }, { ...state, askWake: false }, 0);
    total += pass.numbered;
    const decision = afterPass(state, pass, performance.now());
    state = decision.state;
    if (decision.sleepMs > 0 && pass.numbered === 0n) break;
  }
  return total;
}

/** Numbers for as long as the process lives. Any number of these may run, in any number of processes. */
export async function runSequencer(options: SequencerOptions, signal: AbortSignal): Promise<void> {
  const { waker, observer } = options;
  let state = initialState;
  while (!signal.aborted) {
    try {
      const pass = await observedPass(options, state, options.room());
      pass.claimed.forEach(options.onClaimed);
      if (pass.unclaimed) options.onQueued();
      const decision = afterPass(state, pass, performance.now());
      state = decision.state;
      if (decision.sleepMs > 0 && (await waker.sleep(decision.sleepMs, signal))) {
        observer?.onWake?.('sequencer');
        state = afterWake(state);
      }
    } catch (error) {
      options.onError(error);
      state = initialState;
      await waker.sleep(AFTER_ERROR_MS, signal);
    }
  }
}

async function observedPass(
  { db, observer, followOrigins }: { readonly db: Database } & Watching,
  state: SequencerState,
  room: number,
) {
  const startedAt = performance.now();
  const pass = await numberBatch(db, state, room, followOrigins);
  const { numbered, origins } = pass;
  observer?.onPass?.({ numbered, origins, startedAt, durationMs: performance.now() - startedAt });
  return pass;
}
