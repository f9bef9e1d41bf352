import type { Database } from '@hexclave/db';
import type { Waker } from '../waker.ts';
import { NUMBER } from './sql.ts';
import { afterPass, afterWake, initialState, type PassResult, type SequencerState } from './step.ts';

export type SequencerOptions = {
  readonly db: Database;
  /** Rung when a writer's commit asks for us; also ends the pause after an error. */
  readonly waker: Waker;
  /** Called after each pass that numbered something: requests are waiting. */
  readonly onNumbered: () => void;
  readonly onError: (error: unknown) => void;
};

const AFTER_ERROR_MS = 1_000;

/** One pass. */
async function numberBatch(db: Database, state: SequencerState, askWake: boolean): Promise<PassResult> {
  const [pass] = await db.queryPrepared<PassResult>(NUMBER, [state.batchSize, state.startAfter, askWake]);
  if (pass === undefined) throw new Error('backfill_null_sequence_ids returned nothing');
  return pass;
}

/** Passes until nothing is left or the time is up: what the cron route runs. Returns how many rows were numbered. */
export async function numberAll(db: Database, maxDurationMs: number, signal?: AbortSignal): Promise<bigint> {
  const deadline = performance.now() + maxDurationMs;
  let state = initialState;
  let total = 0n;
  while (performance.now() < deadline && signal?.aborted !== true) {
    const pass = await numberBatch(db, state, false);
    total += pass.numbered;
    const decision = afterPass(state, pass, performance.now());
    state = decision.state;
    if (decision.sleepMs > 0 && pass.numbered === 0n) break;
  }
  return total;
}

/** Numbers for as long as the process lives. Any number of these may run, in any number of processes. */
export async function runSequencer(options: SequencerOptions, signal: AbortSignal): Promise<void> {
  const { db, waker } = options;
  let state = initialState;
  while (!signal.aborted) {
    try {
      const pass = await numberBatch(db, state, state.askWake);
      if (pass.numbered > 0n) options.onNumbered();
      const decision = afterPass(state, pass, performance.now());
      state = decision.state;
      if (decision.sleepMs > 0 && (await waker.sleep(decision.sleepMs, signal))) state = afterWake(state);
    } catch (error) {
      options.onError(error);
      state = initialState;
      await waker.sleep(AFTER_ERROR_MS, signal);
    }
  }
}
