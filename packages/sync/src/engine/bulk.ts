import { Transform } from 'node:stream';
import { to as copyTo } from 'pg-copy-streams';
import type { KeyRange } from '../compile/fetch.ts';
import type { ApplyResult, Position, StagedBatch } from '../destination.ts';
import { afterBatch } from './batch-size.ts';
import { type MappingRun, noteApplied, type RunContext } from './mapping-run.ts';

/** A range of rows that is moved as one batch. */
export type BulkBatch = {
  /** COPY … TO STDOUT on the internal database. */
  readonly copySql: string;
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

/**
 * Moves batch after batch with COPY: while the target merges and commits one, the next is already being read and sent.
 * `planAhead`: also the batch after that is found out meanwhile, for plans that do not depend on what happens meanwhile.
 * Returns false when a batch was fenced. On an error, what was committed before stays, and `run.position` says so.
 */
export async function runBulk(
  context: RunContext,
  run: MappingRun,
  plan: Plan,
  options: { planAhead: boolean },
): Promise<boolean> {
  let committing: Promise<boolean> = Promise.resolve(true);
  let from = run.position;
  let ahead: Promise<BulkBatch | null> | null = null;
  while (await context.mayContinue()) {
    const batch: BulkBatch | null = await (ahead ?? plan(from, run.size.rows));
    if (batch === null) break;
    ahead = options.planAhead ? plan(batch.to, run.size.rows) : null;
    // Looked at in the next round, if there is one; until then a rejection must not count as unhandled.
    ahead?.catch(() => undefined);
    const staged = await context
      .bulk(() => stageBatch(context, run, batch))
      .catch(async (error: unknown) => {
        await committing.catch(() => undefined);
        throw error;
      });
    if (!(await settle(committing, staged))) return false;
    committing = commit(run, staged, from, batch);
    // Likewise.
    committing.catch(() => undefined);
    from = batch.to;
  }
  return committing;
}

/** Waits for the batch before; if that did not succeed, the staged one cannot either. */
async function settle(committing: Promise<boolean>, staged: StagedBatch): Promise<boolean> {
  try {
    if (await committing) return true;
  } catch (error) {
    await staged.discard();
    throw error;
  }
  await staged.discard();
  return false;
}

async function commit(run: MappingRun, staged: StagedBatch, from: Position, batch: BulkBatch): Promise<boolean> {
  const result: ApplyResult = await staged.commit(from, batch.to);
  return noteApplied(run, result, batch.to);
}

async function stageBatch(context: RunContext, run: MappingRun, batch: BulkBatch): Promise<StagedBatch> {
  const started = performance.now();
  const client = await context.db.pool.connect();
  let sourceError: Error | undefined;
  try {
    const rows = client.query(copyTo(batch.copySql));
    rows.on('error', (error) => {
      sourceError = error;
    });
    const counted = byteCounter();
    rows.on('error', (error) => counted.stream.destroy(error));
    const source = rows.pipe(counted.stream);
    const staged = await context.connection.stage(run.route.target, {
      source,
      marked: batch.marked,
      sweep: batch.sweep,
    });
    client.release();
    run.size = afterBatch(run.size, { rows: batch.rows, bytes: counted.bytes(), ms: performance.now() - started });
    return staged;
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
