import type { PageRow } from '../destination.ts';
import { type MappingRun, noteApplied, type RunContext } from './mapping-run.ts';
import { readLsn } from './source.ts';

const PARKED_PER_RUN = 100;

/** Tries parked rows again whose time has come, and counts those that are left. Returns false when they were fenced. */
export async function retryParkedRows(context: RunContext, run: MappingRun): Promise<boolean> {
  if (!(await retryDue(context, run))) return false;
  // Rows are also unparked by being changed or deleted, so only the target knows.
  const parked = await context.connection.countParked(run.route.target);
  if (parked !== run.parked) run.moved = true;
  run.parked = parked;
  return true;
}

async function retryDue(context: RunContext, run: MappingRun): Promise<boolean> {
  const { connection, db, tenancyId } = context;
  const { target, fetch } = run.route;
  const due = await connection.dueParkedRows(target, PARKED_PER_RUN);
  if (due.length === 0) return true;
  // The rows are read after this position was seen, so if the target still is there, none of them is older than what it has.
  const { position } = run;
  const upserts: PageRow[] = [];
  const deletes: (readonly string[])[] = [];
  for (const { key } of due) {
    const [row] = await db.query<{ values: PageRow }>(fetch.rowOfKey, [tenancyId, ...key]);
    if (row === undefined) deletes.push(key);
    else upserts.push(row.values);
  }
  const at = { ...position, sourceLsn: await readLsn(db) };
  const result = await connection.retryParked(target, { upserts, deletes }, at);
  return noteApplied(run, result, at);
}
