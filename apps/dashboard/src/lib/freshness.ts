import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { formatDuration, formatTime } from './format.ts';

type Sync = Pick<ExternalDatabaseSyncStatus, 'fresh_through_millis' | 'behind_millis'>;

export type Freshness = {
  /** All changes that were made up to then have arrived; by the server's clock. Null: that cannot be said. */
  throughMillis: number | null;
  /** 0: nothing waits. */
  behindMillis: number | null;
};

/**
 * How fresh a copy is at a moment of the server's clock. The live status says nothing while nothing happens: a copy
 * that lacked nothing then lacks nothing still when the status is confirmed, and one that was behind falls back further.
 */
export function freshnessAt(
  { fresh_through_millis: through, behind_millis: behind }: Sync,
  atMillis: number,
): Freshness {
  if (through === null || behind === null) return { throughMillis: null, behindMillis: null };
  if (behind === 0) return { throughMillis: Math.max(through, atMillis), behindMillis: 0 };
  return { throughMillis: through, behindMillis: Math.max(behind, atMillis - through) };
}

/** `All changes up to 12:03:07.412, 4 ms behind`. */
export function freshnessWords({ throughMillis, behindMillis }: Freshness): string {
  if (throughMillis === null || behindMillis === null) return 'How fresh it is cannot be said yet';
  const through = `All changes up to ${formatTime(throughMillis, { exact: true })}`;
  return behindMillis === 0 ? `${through}, nothing is waiting` : `${through}, ${formatDuration(behindMillis)} behind`;
}
