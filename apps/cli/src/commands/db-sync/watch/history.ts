import type { StatusSnapshot } from '@hexclave/contract';

/** One look at a copy, or at the whole pipeline. */
export type Sample = { readonly rate: number; readonly backlog: number; readonly lagMs: number | null };

/** The last looks at each, the newest last. */
export type History = ReadonlyMap<string, readonly Sample[]>;

/** As wide as the lines of bars. */
const KEPT = 40;
export const PIPELINE = 'pipeline';

/** Adds what there is to see now. Looks are taken at even distances, whenever messages come. */
export function record(history: History, status: StatusSnapshot, now: number): History {
  const samples = status.scope === 'all' ? [allSample(status, now)] : projectSamples(status, now);
  return new Map(samples.map(([id, sample]) => [id, [...(history.get(id) ?? []), sample].slice(-KEPT)]));
}

type Named = readonly [id: string, sample: Sample];

function projectSamples(status: Extract<StatusSnapshot, { scope: 'tenancy' }>, now: number): Named[] {
  return status.external_databases.map((database) => {
    const { oldest_unsynced_at_millis: oldest, behind_millis: behind } = database;
    const lagMs = oldest === null ? behind : now - oldest;
    return [database.id, { rate: database.rows_per_second, backlog: database.rows_behind, lagMs }];
  });
}

function allSample({ pipeline }: Extract<StatusSnapshot, { scope: 'all' }>, now: number): Named {
  const { sequencer, sync_engine: engine, outgoing_requests: requests } = pipeline;
  const backlog = sequencer.pending.reduce((sum, { rows }) => sum + rows, 0) + requests.pending;
  const oldest = requests.oldest_due_at_millis;
  return [PIPELINE, { rate: engine.rows_per_second, backlog, lagMs: oldest === null ? 0 : now - oldest }];
}
