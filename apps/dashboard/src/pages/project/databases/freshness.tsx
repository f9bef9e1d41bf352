import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { freshnessAt, freshnessWords } from '../../../lib/freshness.ts';
import { useNow } from '../../../lib/use-now.ts';

type FreshnessProps = {
  database: Pick<ExternalDatabaseSyncStatus, 'fresh_through_millis' | 'behind_millis' | 'state' | 'mappings'>;
  /** When the status was last confirmed, by the server's clock. */
  atMillis: number;
  clockAheadMs: number;
};

/** In words: up to when everything is there. */
export function FreshnessText({ database, atMillis, clockAheadMs }: FreshnessProps) {
  const isWaiting = database.behind_millis !== null && database.behind_millis > 0;
  const now = useNow() + clockAheadMs;
  if (database.mappings.some(({ phase }) => phase !== 'stream') && database.state !== 'paused') {
    return <>{isFailing(database) ? 'The first copy is held up' : 'The first copy is under way'}</>;
  }
  const words = freshnessWords(freshnessAt(database, isWaiting ? Math.max(now, atMillis) : atMillis));
  return <>{words}</>;
}

function isFailing({ state }: Pick<ExternalDatabaseSyncStatus, 'state'>): boolean {
  return state === 'failing';
}
