/** The largest range, in rows: what one statement may look at on each side is at most twice that. */
export const MOST_RANGE_ROWS = 4_000;
export const FIRST_RANGE_ROWS = 1_000;
const LEAST_RANGE_ROWS = 50;
/** How long comparing one range should take: rows may be large, or a server slow. */
const AIM_MS = 200;

/** How many rows the next range should have, after one of `rows` rows that took `ms`: at most doubles, at most quarters. */
export function nextRangeRows(rows: number, ms: number): number {
  const aimed = (rows * AIM_MS) / Math.max(ms, 1);
  return within(Math.max(rows / 4, Math.min(rows * 2, aimed)));
}

/** After a statement that ran out of time. */
export function afterTimeout(rows: number): number {
  return within(rows / 8);
}

function within(rows: number): number {
  return Math.round(Math.max(LEAST_RANGE_ROWS, Math.min(MOST_RANGE_ROWS, rows)));
}
