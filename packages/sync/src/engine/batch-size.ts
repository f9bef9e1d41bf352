/** How many rows the next bulk batch has, learned from the last ones. */
export type BatchSize = { readonly rows: number };

const FIRST_ROWS = 2_000;
const MOST_ROWS = 20_000;
const LEAST_ROWS = 10;
/** Temporary tables of this size still fit PostgreSQL's default temp_buffers. */
const AIM_BYTES = 6_000_000;
/** Longer batches would hold the position's lock, and make a stop wait, for too long. */
const AIM_MS = 1_000;

export const firstBatchSize: BatchSize = { rows: FIRST_ROWS };

/** After a batch of `rows` rows and `bytes` bytes that took `ms`: at most four times as many, at least half. */
export function afterBatch(size: BatchSize, batch: { rows: number; bytes: number; ms: number }): BatchSize {
  if (batch.rows === 0) return size;
  const byBytes = (AIM_BYTES / Math.max(batch.bytes, 1)) * batch.rows;
  const byTime = (AIM_MS / Math.max(batch.ms, 1)) * batch.rows;
  return clamp(Math.min(byBytes, byTime), size.rows / 2, size.rows * 4);
}

/** After a time-out, a deadlock or the like. */
export function afterTrouble(size: BatchSize): BatchSize {
  return clamp(size.rows / 4, LEAST_ROWS, MOST_ROWS);
}

function clamp(rows: number, least: number, most: number): BatchSize {
  return { rows: Math.round(Math.max(LEAST_ROWS, Math.min(MOST_ROWS, Math.max(least, Math.min(most, rows))))) };
}
