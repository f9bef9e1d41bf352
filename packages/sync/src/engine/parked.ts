import { keyOf, type TargetTable } from '../compile/target-table.ts';
import type { Key } from '../destination.ts';
import { type MappingRun, noteApplied, type RunContext } from './mapping-run.ts';
import { readSettled, type SourceRow } from './settled.ts';
import { readLsn } from './source.ts';

const PARKED_PER_RUN = 100;
/** Rows may be large, and are read within seconds. */
const READ_AT_ONCE = 10;

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
  const { connection, db } = context;
  const { target } = run.route;
  const due = await connection.dueParkedRows(target, PARKED_PER_RUN);
  if (due.length === 0) return true;
  // The rows are read after this position was seen, so if the target still is there, none of them is older than what it has.
  const { position } = run;
  const rows = await readRows(context, run, due);
  const unknown = due.filter((key) => !rows.some((row) => row.key === key && isNamedBy(target, row)));
  if (unknown.length > 0) await connection.forgetParked(target, unknown);
  // What is on its way comes by a batch. An earlier batch may be on its way too, and would bring an older version after it.
  const settled = rows.filter((row) => row.settled && isNamedBy(target, row));
  if (settled.length === 0) return true;
  const upserts = settled.flatMap(({ values }) => (values === null ? [] : [values]));
  const deletes = settled.flatMap(({ values, key }) => (values === null ? [key] : []));
  const at = { ...position, sourceLsn: await readLsn(db) };
  const result = await connection.retryParked(target, { upserts, deletes }, at);
  return noteApplied(run, result, at);
}

async function readRows(
  { db, tenancyId }: RunContext,
  { route: { target, mapping }, position }: MappingRun,
  due: readonly Key[],
): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for (let start = 0; start < due.length; start += READ_AT_ONCE) {
    const keys = due.slice(start, start + READ_AT_ONCE);
    rows.push(...(await readSettled(db, tenancyId, mapping, target, keys, position.cursor)));
  }
  return rows;
}

/** A row that is refused is parked under its key as it is written here; under another spelling nobody would find it again. */
function isNamedBy(target: TargetTable, { key, values }: SourceRow): boolean {
  return values === null || keyOf(target, values).every((text, index) => text === key[index]);
}
