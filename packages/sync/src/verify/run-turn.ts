import { setTimeout as delay } from 'node:timers/promises';
import { type Database, errorCode, quoteIdentifier as id, retryability } from '@hexclave/db';
import { DESTINATION_ERRORS, DestinationError } from '../destination-error.ts';
import { SourceError } from '../engine/bulk.ts';
import type { Subject } from './judge.ts';
import { saveFindings, saveVerifiedThrough } from './mapping-state.ts';
import { type PassContext, type PassState, type Step, stepPass } from './pass.ts';
import {
  type ClaimedRun,
  claimRun,
  finishRun,
  keepClaim,
  type RunFailure,
  releaseRun,
  saveExpected,
  saveStep,
} from './runs.ts';
import { type Opened, tellEngine, timeOf, type VerifierOptions, withOpened } from './subjects.ts';
import { type TurnWatch, watchTurn } from './turn-watch.ts';

/** So long one run is worked on before others get their turn. */
const TURN_MS = 20_000;
/** After an internal database that was away. */
const AFTER_LOSS_MS = 2_000;

/** Works on the run that has waited longest, for at most {@link TURN_MS}. Returns false if there was none. */
export async function runTurn(options: VerifierOptions, signal: AbortSignal): Promise<boolean> {
  const run = await claimRun(options.db);
  if (run === null) return false;
  const watch = watchTurn(signal, () => keepClaim(options.db, run), options.stepLimits);
  try {
    await workInTime(options, run, watch);
  } catch (error) {
    await giveUp(options, run, error);
  } finally {
    watch.release();
  }
  return true;
}

async function workInTime(options: VerifierOptions, run: ClaimedRun, watch: TurnWatch): Promise<void> {
  const { signal } = watch;
  const ended = await withOpened(options, run, signal, (opened) => workOn(options, run, opened, watch)).catch(
    (error: unknown) => {
      if (!signal.aborted) throw error;
      return false;
    },
  );
  watch.assertInTime();
  // The engine is switched off: the run waits, and so does whoever asks for the next one.
  if (ended !== true) await releaseRun(options.db, run, 0);
}

/** Returns whether the run is over. */
async function workOn(options: VerifierOptions, run: ClaimedRun, opened: Opened, watch: TurnWatch): Promise<boolean> {
  const { db } = options;
  const { signal } = watch;
  const subjects = opened.subjects.filter(({ mapping }) => run.mapping === null || run.mapping === mapping.name);
  const context: PassContext = {
    ...{ subjects, verification: opened.verification, repair: run.repair, signal },
    now: () => timeOf(db),
  };
  if (run.turns === 1) await saveExpected(db, run, await countExpected(db, subjects));
  const deadline = performance.now() + TURN_MS;
  let state: PassState = { progress: run.progress, results: run.result };
  while (performance.now() < deadline) {
    const started = performance.now();
    const step = await watch.during(() => stepPass(context, state));
    // What was broken off in the middle may have left out rows: that range is compared again.
    if (signal.aborted) return false;
    if (!(await keep(db, run, state, step))) return false;
    await tellEngine(db, opened.database, step);
    if (step.finished) return true;
    state = step.state;
    // As long a pause as the work took: half of one connection on each side at the most.
    await delay(performance.now() - started, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** Everything that a step found, in one transaction. Returns whether the run may go on. */
function keep(db: Database, run: ClaimedRun, before: PassState, step: Step): Promise<boolean> {
  return db.transaction(async (tx) => {
    if (!(await saveStep(tx, run, step))) return false;
    await saveFindings(tx, run, before, step);
    if (!step.finished) return true;
    if (run.mapping === null) await saveVerifiedThrough(tx, run, step.state.results);
    await finishRun(tx, run, null);
    return true;
  });
}

const SOURCE_FAILED: RunFailure = {
  code: 'VERIFICATION_FAILED',
  sqlState: null,
  message: 'The verification failed inside the server.',
  remedy: 'Ask the operator of the server, whose log has the reason, and start another one.',
};

async function giveUp({ db, onError }: VerifierOptions, run: ClaimedRun, error: unknown): Promise<void> {
  if (error instanceof DestinationError) {
    const { code, sqlState, message, remedy } = error;
    await finishRun(db, run, { code, sqlState, message, remedy: remedy || DESTINATION_ERRORS[code].remedy });
    return;
  }
  onError(error, run);
  const cause = error instanceof SourceError ? error.cause : error;
  if (retryability(cause) === 'connection') await releaseRun(db, run, AFTER_LOSS_MS);
  else await finishRun(db, run, { ...SOURCE_FAILED, sqlState: errorCode(cause) ?? null });
}

/** More rows than these are not counted: the count is only there to show progress. */
const MOST_COUNTED = 5_000_000;

async function countExpected(db: Database, subjects: readonly Subject[]): Promise<bigint> {
  let expected = 0n;
  for (const { mapping, tenancyId } of subjects) {
    const { table } = mapping;
    const [row] = await db.query<{ rows: bigint }>(
      `SELECT count(*) AS rows FROM (SELECT FROM ${id(table.name)} t WHERE t.${id(table.tenancyColumn)} = $1 LIMIT ${MOST_COUNTED}) counted`,
      [tenancyId],
    );
    expected += row?.rows ?? 0n;
  }
  return expected;
}
