import { setTimeout as delay } from 'node:timers/promises';
import { backgroundTurn, DEFAULT_PACE, type Pace } from './background.ts';
import { runTurn } from './run-turn.ts';
import type { VerifierOptions } from './subjects.ts';

/** Compares external databases with their source: those that somebody asks for, and all of them by itself. */
export type Verifier = {
  /** For as long as the process lives. Runs that are asked for, and the verification that goes on by itself, side by side. */
  run(signal: AbortSignal): Promise<void>;
  /** Works off the runs that are asked for, until none is left or the time is up. Returns how many turns that took. */
  workOff(maxDurationMs: number, signal: AbortSignal): Promise<number>;
  /** One turn of the verification that goes on by itself. Returns whether there was anything to do. */
  lookAround(maxDurationMs: number, signal: AbortSignal): Promise<boolean>;
};

/** How often somebody's request is looked for, in ms. */
const REQUESTED_EVERY_MS = 2_000;
/** How often it is asked whose turn it is, in ms. */
const TURN_EVERY_MS = 15_000;

export function createVerifier(options: VerifierOptions, pace: Pace = DEFAULT_PACE): Verifier {
  return {
    run: async (signal) => {
      await Promise.all([
        repeat(options, REQUESTED_EVERY_MS, signal, () => runTurn(options, signal)),
        repeat(options, Math.min(TURN_EVERY_MS, pace.passMs), signal, () => backgroundTurn(options, pace, signal)),
      ]);
    },
    workOff: async (maxDurationMs, signal) => {
      const deadline = performance.now() + maxDurationMs;
      let turns = 0;
      while (!signal.aborted && performance.now() < deadline && (await runTurn(options, signal))) turns++;
      return turns;
    },
    lookAround: (maxDurationMs, signal) => backgroundTurn(options, { ...pace, turnMs: maxDurationMs }, signal),
  };
}

/** Again at once while there is something to do; errors are reported and pass by themselves. */
async function repeat(
  { onError }: VerifierOptions,
  everyMs: number,
  signal: AbortSignal,
  turn: () => Promise<boolean>,
): Promise<void> {
  while (!signal.aborted) {
    const worked = await turn().catch((error: unknown) => {
      if (!signal.aborted) onError(error);
      return false;
    });
    if (!worked) await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
