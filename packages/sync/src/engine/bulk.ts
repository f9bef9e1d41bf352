import { Transform } from 'node:stream';
import { to as copyTo } from 'pg-copy-streams';
import type { KeyRange } from '../compile/fetch.ts';
import type { ApplyResult, Position, StagedBatch } from '../destination.ts';
import { afterBatch } from './batch-size.ts';
import { type MappingRun, noteApplied, type RunContext } from './mapping-run.ts';
import { readLsnOn } from './source.ts';

/** A range of rows that is moved as one batch. */
export type BulkBatch = {
  /** COPY … TO STDOUT on the internal database. */
  readonly copySql: string;
  /** But for its `sourceLsn`, which is known when the rows have been read. */
  readonly to: Position;
  /** About how many rows. */
  readonly rows: number;
  readonly marked: boolean;
  readonly sweep?: KeyRange;
};

/** Says what the next batch after a position is; `null` when there is none, or none worth the bulk path. */
export type Plan = (from: Position, rows: number) => Promise<BulkBatch | null>;

/** The internal database failed in the middle of a read: no fault of the external one. */
export class SourceError extends Error {
  override name = 'SourceError';
}

/** A batch on its way: being read and written in a lane of its own, until its turn comes to be committed. */
type UnderWay = { readonly from: Position; readonly batch: BulkBatch; readonly staged: Promise<Staged> };

/** A batch that is in the target, uncommitted; what it took so far. */
type Staged = { readonly batch: StagedBatch; readonly sourceLsn: bigint; readonly bytes: number; readonly ms: number };

/**
 * Moves batch after batch with COPY, in as many lanes as the connection has: while the target merges and commits one, the
 * next is already being read and sent. Commits are in order, each from the position that the one before has reached.
 * Returns false when a batch was fenced. On an error, what was committed before stays, and `run.position` says so.
 */
export async function runBulk(context: RunContext, run: MappingRun, plan: Plan): Promise<boolean> {
  const underWay: UnderWay[] = [];
  let from = run.position;
  try {
    for (;;) {
      while (underWay.length < context.connection.lanes && (await context.mayContinue())) {
        const batch = await plan(from, run.size.rows);
        if (batch === null) break;
        underWay.push(start(context, run, from, batch));
        from = batch.to;
      }
      const oldest = underWay.shift();
      if (oldest === undefined) return true;
      if (!(await commit(run, oldest))) return false;
    }
  } finally {
    await discardAll(underWay);
  }
}

function start(context: RunContext, run: MappingRun, from: Position, batch: BulkBatch): UnderWay {
  const staged = context.bulk(() => stageBatch(context, run, batch));
  // Looked at when its turn comes; until then a rejection must not count as unhandled.
  staged.catch(() => undefined);
  return { from, batch, staged };
}

/**
 * The next batches are as large as this one shows to be right. Not before it is committed: a target that takes rows
 * quickly and merges them slowly would be sent ever larger ones, however often they are too large to be merged in time.
 */
async function commit(run: MappingRun, { from, batch, staged }: UnderWay): Promise<boolean> {
  const { batch: ready, sourceLsn, bytes, ms } = await staged;
  const to = { ...batch.to, sourceLsn };
  const started = performance.now();
  const result: ApplyResult = await ready.commit(from, to);
  run.size = afterBatch(run.size, { rows: batch.rows, bytes, ms: Math.max(ms, performance.now() - started) });
  return noteApplied(run, result, to);
}

/** What comes after a batch that was not committed cannot be either. */
async function discardAll(underWay: readonly UnderWay[]): Promise<void> {
  await Promise.all(
    underWay.map(({ staged }) =>
      staged.then(
        ({ batch }) => batch.discard(),
        () => undefined,
      ),
    ),
  );
}

async function stageBatch(context: RunContext, run: MappingRun, batch: BulkBatch): Promise<Staged> {
  const started = performance.now();
  const client = await context.db.pool.connect();
  let sourceError: Error | undefined;
  try {
    const rows = client.query(copyTo(batch.copySql));
    rows.on('error', (error) => {
      sourceError = error;
    });
    const counted = byteCounter();
    // Until the destination reads from it nobody listens, and an error that nobody listens to would end the process.
    counted.stream.on('error', () => undefined);
    rows.on('error', (error) => counted.stream.destroy(error));
    const source = rows.pipe(counted.stream);
    const staged = await context.connection.stage(run.route.target, {
      source,
      marked: batch.marked,
      sweep: batch.sweep,
    });
    const sourceLsn = await readLsnOn(client).catch(async (error: unknown) => {
      sourceError = error as Error;
      await staged.discard();
      throw error;
    });
    client.release();
    return { batch: staged, sourceLsn, bytes: counted.bytes(), ms: performance.now() - started };
  } catch (error) {
    // A COPY that was broken off leaves the connection in the middle of its rows.
    client.release(true);
    if (sourceError !== undefined)
      throw new SourceError('The internal database failed while rows were read', { cause: sourceError });
    throw error;
  }
}

function byteCounter() {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes };
}
