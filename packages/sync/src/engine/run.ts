import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '@hexclave/db';
import type { DeltaRow } from '../compile/fetch.ts';
import { DestinationError } from '../destination-error.ts';
import { afterTrouble } from './batch-size.ts';
import { copyMapping } from './copy.ts';
import type { MappingRun, RunContext } from './mapping-run.ts';
import { retryParkedRows } from './parked.ts';
import { conflict, positionToGoOnFrom } from './prepare.ts';
import { readDelta } from './source.ts';
import { applyDelta, isBacklog, streamBacklog } from './stream.ts';

/** How often one step is tried within a run before its mapping counts as failing. */
const ATTEMPTS = 4;
const COPY_SLICE_MS = 2_000;

/** What a run came to: which mappings failed, and whether there was more to do when it had to stop. */
export type RunResult = { readonly failures: ReadonlyMap<MappingRun, DestinationError>; readonly finished: boolean };

/** Brings all mappings of one external database up to date. Throws only what concerns the database as a whole. */
export async function runMappings(context: RunContext, runs: readonly MappingRun[]): Promise<RunResult> {
  const failures = new Map<MappingRun, DestinationError>();
  const step = async (run: MappingRun, work: () => Promise<boolean>) => {
    const failure = await attempt(context, run, work);
    if (failure !== null) failures.set(run, failure);
  };
  const healthy = (copying: boolean) =>
    runs.filter((run) => (run.position.copy !== null) === copying && !failures.has(run));
  let more = true;
  while (more && (await context.mayContinue())) {
    const streaming = healthy(false);
    more = streaming.length > 0 && (await streamOnce(context, streaming, step));
    // Copies go on in slices, so that changes of the other mappings are not kept waiting for a whole copy.
    for (const run of healthy(true)) await step(run, () => copyMapping(forSlice(context), run));
    more ||= healthy(true).length > 0 || healthy(false).length > streaming.length;
  }
  for (const run of healthy(false)) {
    if (run.parked > 0 || context.lookForParked) await step(run, () => retryParkedRows(context, run));
  }
  return { failures, finished: !more };
}

function forSlice(context: RunContext): RunContext {
  const end = performance.now() + COPY_SLICE_MS;
  return { ...context, mayContinue: async () => performance.now() < end && (await context.mayContinue()) };
}

type Step = (run: MappingRun, work: () => Promise<boolean>) => Promise<void>;

/** Reads what has changed in all mappings at once, and applies it. Returns whether there may be more. */
async function streamOnce(context: RunContext, runs: readonly MappingRun[], step: Step): Promise<boolean> {
  const delta = context.prefetch.take(runs) ?? (await readDelta(context.db, context.tenancyId, runs));
  let more = false;
  for (const [index, run] of runs.entries()) {
    const rows = delta.filter((row) => row.mapping === index);
    if (rows.length === 0) continue;
    const backlog = isBacklog(rows);
    more ||= backlog || rows.length < (rows[0]?.waiting ?? 0);
    const onReadAnew = () => {
      more = true;
    };
    await step(run, backlog ? () => streamBacklog(context, run) : applyPageOf(context, run, rows, onReadAnew));
  }
  return more;
}

/** Applies rows that were just read; when that has to be tried again, reads them anew from where the target is then. */
function applyPageOf(
  context: RunContext,
  run: MappingRun,
  rows: readonly DeltaRow[],
  onReadAnew: () => void,
): () => Promise<boolean> {
  let fresh: readonly DeltaRow[] | null = rows;
  return async () => {
    if (run.position.copy !== null) return true;
    // The target may be further back than was thought, by more than a page.
    if (fresh === null) onReadAnew();
    const page = fresh ?? (await readDelta(context.db, context.tenancyId, [run]));
    fresh = null;
    return applyDelta(context, run, page);
  };
}

/** Tries one step, after a fence from the position that the target really has. Returns the error that it fails with. */
async function attempt(
  context: RunContext,
  run: MappingRun,
  work: () => Promise<boolean>,
): Promise<DestinationError | null> {
  for (let tried = 1; ; tried++) {
    try {
      if (await work()) return null;
      await readPositionAnew(context, run);
      if (tried >= ATTEMPTS) return conflict();
    } catch (error) {
      if (!(error instanceof DestinationError) || error.scope === 'connection') throw error;
      // A lock was waited for already, and the other mappings with it.
      if (error.scope !== 'transient' || error.code === 'TARGET_LOCKED' || tried >= ATTEMPTS) return error;
      run.size = afterTrouble(run.size);
      await delay(backoffMs(tried, 100, 2_000));
    }
  }
}

async function readPositionAnew({ db, connection, tenancyId }: RunContext, run: MappingRun): Promise<void> {
  const position = await connection.readPosition(run.route.target);
  run.position = await positionToGoOnFrom(db, connection, tenancyId, { route: run.route, position });
}
