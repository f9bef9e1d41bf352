import type { DeltaRow } from '../compile/fetch.ts';
import type { Page, Position } from '../destination.ts';
import { DestinationError } from '../destination-error.ts';
import { type BulkBatch, runBulk } from './bulk.ts';
import { type MappingRun, noteApplied, type RunContext } from './mapping-run.ts';
import { PAGE_ROWS, readDelta } from './source.ts';

/** Applies one page of changes. Returns false when it was fenced. */
export async function applyDelta(context: RunContext, run: MappingRun, rows: readonly DeltaRow[]): Promise<boolean> {
  const last = rows.at(-1);
  if (last === undefined) return true;
  const to: Position = { epoch: run.position.epoch, cursor: last.sequence, copy: null, sourceLsn: last.lsn };
  const result = await context.connection.applyPage(run.route.target, toPage(run, rows), run.position, to);
  return noteApplied(run, result, to);
}

function toPage(run: MappingRun, rows: readonly DeltaRow[]): Page {
  const { target } = run.route;
  const keyIndexes = target.key.map((key) => target.columns.findIndex((column) => column.name === key));
  return {
    upserts: rows.filter((row) => row.kind === 'upsert').map((row) => row.values),
    deletes: rows
      .filter((row) => row.kind === 'delete')
      .map((row) => keyIndexes.map((index) => row.values[index] ?? '')),
  };
}

/** Whether a page was cut off by its number of rows, so that more are worth the bulk path. */
export function isBacklog(rows: readonly DeltaRow[]): boolean {
  return (rows[0]?.waiting ?? 0) >= PAGE_ROWS;
}

/** Works off a backlog of changes in bulk. Returns false when a batch was fenced. */
export async function streamBacklog(context: RunContext, run: MappingRun): Promise<boolean> {
  try {
    return await runBulk(context, run, (from, rows) => planChanges(context, run, from, rows));
  } catch (error) {
    if (!(error instanceof DestinationError) || error.scope !== 'row') throw error;
    return pagesUntilParked(context, run);
  }
}

async function planChanges(
  context: RunContext,
  run: MappingRun,
  from: Position,
  rows: number,
): Promise<BulkBatch | null> {
  const { fetch } = run.route;
  const [bound] = await context.db.query<{ upper: bigint | null; count: number }>(fetch.sequenceBound, [
    context.tenancyId,
    String(from.cursor),
    rows,
  ]);
  // A full batch counts however small batches have become (large rows): otherwise a backlog would never be worked off.
  const worthwhile = Math.min(rows, PAGE_ROWS);
  if (bound === undefined || bound.upper === null || bound.count < worthwhile) return null;
  return {
    copySql: fetch.copySequences(context.tenancyId, { after: from.cursor, through: bound.upper }),
    to: { ...from, cursor: bound.upper, copy: null },
    rows: bound.count,
    marked: true,
  };
}

/**
 * After a row was refused in bulk: pages park exactly that row. Only then bulk is tried again; before, it would send the same
 * rows in vain.
 */
async function pagesUntilParked(context: RunContext, run: MappingRun): Promise<boolean> {
  const { parked } = run;
  while (run.parked === parked && (await context.mayContinue())) {
    const rows = await readDelta(context.db, context.tenancyId, [{ route: run.route, position: run.position }]);
    if (rows.length === 0) return true;
    if (!(await applyDelta(context, run, rows))) return false;
  }
  return true;
}
