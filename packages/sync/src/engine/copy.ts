import type { KeyRange } from '../compile/fetch.ts';
import { keyOf } from '../compile/target-table.ts';
import type { PageRow, Position } from '../destination.ts';
import { DestinationError } from '../destination-error.ts';
import { type BulkBatch, runBulk } from './bulk.ts';
import { type MappingRun, noteApplied, type RunContext } from './mapping-run.ts';
import { PAGE_BYTES, PAGE_ROWS, readLsn } from './source.ts';

/**
 * Copies a whole mapping in key order, or goes on with such a copy, until it is done or the run must stop. Every row is
 * brought to what it is now or later; changes from the copy's cursor on are streamed afterwards. Rows that the target
 * has too many are swept away range by range, so at no time are there fewer rows than there should be.
 * Returns false when a batch was fenced.
 */
export async function copyMapping(context: RunContext, run: MappingRun): Promise<boolean> {
  const begins = run.position.copy !== null && run.position.copy.after === null;
  if (begins && (await fitsPage(context, run)) && !(await copyPage(context, run))) return false;
  while (run.position.copy !== null && (await context.mayContinue())) {
    try {
      if (!(await runBulk(context, run, (from, rows) => planRange(context, run, from, rows)))) return false;
    } catch (error) {
      if (!isForPages(error, run.position)) throw error;
      if (!(await copyPages(context, run, error.scope === 'row'))) return false;
    }
  }
  return true;
}

/** Whether all rows are few enough for memory: a page costs one round trip to the target, a batch of COPY three. */
async function fitsPage({ db, tenancyId }: RunContext, { route: { fetch } }: MappingRun): Promise<boolean> {
  const [beyond] = await db.query(fetch.keyBound(null), [tenancyId, PAGE_ROWS]);
  if (beyond !== undefined) return false;
  const all = fetch.rowsOfKeys({ after: null, through: null });
  const [size] = await db.query<{ bytes: bigint | null }>(
    `SELECT sum(octet_length(r.values::text)) AS bytes FROM (${all}) r`,
    [tenancyId],
  );
  return (size?.bytes ?? 0n) <= BigInt(PAGE_BYTES);
}

/**
 * Refused rows are parked by pages. So is what a fresh copy waited for in vain: two batches that are written at once may
 * wait for each other, under a constraint of the customer's.
 */
function isForPages(error: unknown, { copy }: Position): error is DestinationError {
  if (!(error instanceof DestinationError)) return false;
  return error.scope === 'row' || (error.scope === 'transient' && copy?.fresh === true);
}

async function planRange(
  context: RunContext,
  run: MappingRun,
  from: Position,
  rows: number,
): Promise<BulkBatch | null> {
  const { copy } = from;
  if (copy === null) return null;
  const range = await nextRange(context, run, copy.after, rows);
  return {
    copySql: run.route.fetch.copyKeys(context.tenancyId, range, !copy.fresh),
    to: afterRange(from, range),
    rows,
    marked: !copy.fresh,
    ...(copy.fresh ? {} : { sweep: range }),
  };
}

async function nextRange(
  context: RunContext,
  run: MappingRun,
  after: readonly string[] | null,
  rows: number,
): Promise<KeyRange> {
  const [bound] = await context.db.query<{ key: string[] }>(run.route.fetch.keyBound(after), [context.tenancyId, rows]);
  return { after, through: bound?.key ?? null };
}

/** The position once a range is copied: the next range, or streaming after the last. */
function afterRange(from: Position, range: KeyRange): Position {
  const copy = range.through === null || from.copy === null ? null : { ...from.copy, after: range.through };
  return { ...from, copy };
}

/** One page, or as many as it takes to park the row that was refused: before, bulk would send the same rows in vain. */
async function copyPages(context: RunContext, run: MappingRun, untilParked: boolean): Promise<boolean> {
  const { parked } = run;
  do {
    if (!(await copyPage(context, run))) return false;
  } while (untilParked && run.parked === parked && run.position.copy !== null && (await context.mayContinue()));
  return true;
}

/** One page of the copy, in which refused rows are parked. From then on the target's rows may be in the way: not fresh. */
async function copyPage(context: RunContext, run: MappingRun): Promise<boolean> {
  const from = run.position;
  if (from.copy === null) return true;
  const wanted = await nextRange(context, run, from.copy.after, Math.min(PAGE_ROWS, run.size.rows));
  const { range, upserts } = await readPage(context, run, wanted);
  const next = { ...afterRange(from, range), sourceLsn: await readLsn(context.db) };
  const to: Position = { ...next, copy: next.copy === null ? null : { ...next.copy, fresh: false } };
  const page = { upserts, deletes: [], sweep: range };
  return noteApplied(run, await context.connection.applyPage(run.route.target, page, from, to), to);
}

/** As many rows of a range as fit into memory, and the range that they are. */
async function readPage(
  { db, tenancyId }: RunContext,
  { route: { fetch, target } }: MappingRun,
  wanted: KeyRange,
): Promise<{ range: KeyRange; upserts: PageRow[] }> {
  const rows = await db.query<{ values: PageRow; waiting: number }>(fetch.pageOfKeys(wanted), [tenancyId, PAGE_BYTES]);
  const upserts = rows.map(({ values }) => values);
  const last = rows.at(-1);
  const isWhole = last === undefined || last.waiting === rows.length;
  return { range: isWhole ? wanted : { ...wanted, through: keyOf(target, last.values) }, upserts };
}
