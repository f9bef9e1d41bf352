import type { Database } from '@hexclave/db';
import type { DeltaRow } from '../compile/fetch.ts';
import type { Position } from '../destination.ts';
import type { KeptConnection } from './connections.ts';
import type { MappingRun } from './mapping-run.ts';
import { readDelta } from './source.ts';

/** Changes that were read before the run knew whether it would need them. */
export type Prefetch = {
  /** The changes, if they are those that these runs would read now; otherwise `null`. */
  take(runs: readonly MappingRun[]): Promise<DeltaRow[] | null>;
};

export const noPrefetch: Prefetch = { take: async () => null };

/**
 * Reads the changes of a connection's mappings while the situation is still being asked for: one round trip less between
 * a commit and its arrival. Worthless, and left alone, if the target moves meanwhile.
 */
export function prefetch(db: Database, tenancyId: string, kept: KeptConnection): Prefetch {
  const runs = [...kept.runs.values()];
  if (runs.length === 0 || runs.some((run) => run.position.copy !== null)) return noPrefetch;
  const positions: Position[] = runs.map((run) => run.position);
  // A failure is found again, and reported, by the read that is made instead.
  const rows = readDelta(db, tenancyId, runs).catch(() => null);
  let taken = false;
  return {
    take: async (wanted) => {
      const fits =
        wanted.length === runs.length &&
        runs.every((run, index) => run === wanted[index] && run.position === positions[index]);
      if (taken || !fits) return null;
      taken = true;
      return rows;
    },
  };
}
