import type { Database } from '@hexclave/db';
import type { DeltaRow } from '../compile/fetch.ts';
import type { Position } from '../destination.ts';
import type { KeptConnection } from './connections.ts';
import type { MappingRun } from './mapping-run.ts';
import { readSituation, readSituationAndDeltas, type Situation } from './source.ts';

/** Changes that were read before the run knew whether it would need them. */
export type Prefetch = {
  /** The changes, if they are those that these runs would read now; otherwise `null`. */
  take(runs: readonly MappingRun[]): readonly DeltaRow[] | null;
};

export const noPrefetch: Prefetch = { take: () => null };

/** The changes of a connection are read from where its mappings were when that was asked for. */
type Snapshot = { readonly id: string; readonly runs: readonly MappingRun[]; readonly positions: readonly Position[] };

/**
 * Reads what a run starts from, and with it the changes for the connections that are idle: one round trip less between a
 * commit and its arrival. `idle` by the id of their external database.
 */
export async function readSituationAndChanges(
  db: Database,
  tenancyId: string,
  idle: ReadonlyMap<string, KeptConnection>,
): Promise<{ situation: Situation; prefetched: ReadonlyMap<string, Prefetch> }> {
  const snapshots = [...idle].flatMap(([id, { runs }]) => snapshotOf(id, [...runs.values()]));
  const wanted = snapshots.map(({ runs }) => runs);
  const read = snapshots.length === 0 ? null : await readSituationAndDeltas(db, tenancyId, wanted).catch(() => null);
  // A failure is found again, and reported, by the reads that are made instead.
  if (read === null) return { situation: await readSituation(db, tenancyId), prefetched: new Map() };
  const prefetched = snapshots.map(
    (snapshot, index) => [snapshot.id, prefetchOf(snapshot, read.deltas[index])] as const,
  );
  return { situation: read.situation, prefetched: new Map(prefetched) };
}

function snapshotOf(id: string, runs: readonly MappingRun[]): Snapshot[] {
  if (runs.length === 0 || runs.some((run) => run.position.copy !== null)) return [];
  return [{ id, runs, positions: runs.map((run) => run.position) }];
}

/** Worthless, and left alone, if the target moves meanwhile. */
function prefetchOf({ runs, positions }: Snapshot, rows: readonly DeltaRow[] = []): Prefetch {
  let taken = false;
  return {
    take: (wanted) => {
      const fits =
        wanted.length === runs.length &&
        runs.every((run, index) => run === wanted[index] && run.position === positions[index]);
      if (taken || !fits) return null;
      taken = true;
      return rows;
    },
  };
}
