import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import type { Measurement, ProfileSource } from './source.ts';
import { EXPECTED, judgeAnswer } from './validate.ts';

/** How time passes; tests bring their own. */
export type Clock = {
  /** Resolves after so many ms; rejects when `signal` aborts. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
};

export const REAL_CLOCK: Clock = { wait: (milliseconds, signal) => delay(milliseconds, undefined, { signal }) };

/** Between two looks at a log, in ms. One look more than there are pauses. */
export const RETRY_DELAYS_MS: readonly number[] = [75, 150, 300, 600, 1_200];

/** A source that has not answered after so many ms is asked again. */
export const ANSWER_WITHIN_MS = 5_000;

export type Patience = {
  readonly clock: Clock;
  readonly delaysMs: readonly number[];
  readonly answerWithinMs: number;
};

export const DEFAULT_PATIENCE: Patience = {
  clock: REAL_CLOCK,
  delaysMs: RETRY_DELAYS_MS,
  answerWithinMs: ANSWER_WITHIN_MS,
};

/**
 * Looks a query up until its answer can be trusted. What comes late, twice, in part or broken is asked for again; after the
 * last attempt that is an error which says what came each time: a number that is not there is never made up.
 */
export async function readResult(
  source: Pick<ProfileSource, 'lookUp'>,
  queryId: string,
  { clock, delaysMs, answerWithinMs }: Patience,
  signal: AbortSignal,
): Promise<Measurement> {
  const faults: string[] = [];
  for (const pauseMs of [0, ...delaysMs]) {
    if (pauseMs > 0) await clock.wait(pauseMs, signal);
    signal.throwIfAborted();
    const answer = await lookUp(source, queryId, clock, answerWithinMs);
    const judged = 'fault' in answer ? answer : judgeAnswer(queryId, answer.value);
    if ('measurement' in judged) return judged.measurement;
    faults.push(judged.fault);
  }
  throw unusable(queryId, faults);
}

type Answer = { readonly value: unknown } | { readonly fault: string };

async function lookUp(
  source: Pick<ProfileSource, 'lookUp'>,
  queryId: string,
  clock: Clock,
  withinMs: number,
): Promise<Answer> {
  const answered = new AbortController();
  const asked = source.lookUp(queryId).then(
    (value): Answer => ({ value }),
    (error: unknown): Answer => ({ fault: `an error (${codeOf(error)})` }),
  );
  const timeUp = clock.wait(withinMs, answered.signal).then(
    (): Answer => ({ fault: `nothing within ${withinMs} ms` }),
    (): Answer => ({ fault: 'nothing' }),
  );
  try {
    return await Promise.race([asked, timeUp]);
  } finally {
    answered.abort();
  }
}

/** Never the message of a driver, which may quote values. */
function codeOf(error: unknown): string {
  return errorCode(error) ?? (error instanceof Error ? error.name : 'unknown');
}

function unusable(queryId: string, faults: readonly string[]): HexclaveError {
  const attempts = faults.map((fault, index) => `${index + 1}: ${fault}`).join('; ');
  return new HexclaveError({
    code: 'PROFILE_RESULT_UNUSABLE',
    message: `The measurements of query ${queryId} could not be read in ${faults.length} attempts. What came back: ${attempts}. Expected: ${EXPECTED}.`,
    remedy:
      'Profile again. If it stays so, look whether the log of queries of that server is switched on, is written in time, and has the query id.',
  });
}
