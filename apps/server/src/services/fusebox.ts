import type { Fusebox, FuseboxUpdate } from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { type KeptActor, toActor } from './actor.ts';
import { type Doer, recordAudit } from './audit.ts';

type Fuse = keyof Fusebox;
const COLUMNS = {
  sequencer: 'sequencerEnabled',
  poller: 'pollerEnabled',
  outgoing_requests: 'outgoingRequestsEnabled',
  sync_engine: 'syncEngineEnabled',
} as const satisfies Record<Fuse, string>;
const FUSES = Object.keys(COLUMNS) as Fuse[];

/** What is noted of a fuse's last change. `enabled`: what it was changed to. */
type Change = { enabled: boolean; actor: KeptActor; at: number; reason: string };
type Row = Record<(typeof COLUMNS)[Fuse], boolean> & { switchChanges: Partial<Record<Fuse, Change>> };

const SELECT = `SELECT ${Object.values(COLUMNS)
  .map((column) => `"${column}"`)
  .join(', ')}, "switchChanges" FROM "ExternalDbSyncMetadata"`;

export async function readFusebox(queryable: Queryable): Promise<Fusebox> {
  return toFusebox(await readRow(queryable, SELECT));
}

/**
 * Flips fuses. Sequencers, pollers and engines look at them in the statements that they run anyway, running batches at least
 * once in a second, so every process obeys within that time.
 */
export async function updateFusebox(database: Database, by: Doer, update: FuseboxUpdate): Promise<Fusebox> {
  return database.transaction(async (tx) => {
    const row = await readRow(tx, `${SELECT} FOR UPDATE`);
    const flipped = FUSES.filter((fuse) => update[fuse] !== undefined && update[fuse] !== row[COLUMNS[fuse]]);
    if (flipped.length === 0) return toFusebox(row);
    await writeFuses(tx, by, update, flipped);
    const positions = (of: (fuse: Fuse) => boolean | undefined) =>
      Object.fromEntries(flipped.map((fuse) => [fuse, of(fuse)]));
    await recordAudit(tx, by, {
      action: 'fusebox.change',
      projectId: null,
      before: positions((fuse) => row[COLUMNS[fuse]]),
      after: positions((fuse) => update[fuse]),
      reason: update.reason,
    });
    return readFusebox(tx);
  });
}

/** `changedBy` and its like are of all switches together, for versions that know no others. */
async function writeFuses(tx: Queryable, { actor }: Doer, update: FuseboxUpdate, flipped: Fuse[]): Promise<void> {
  const change = (fuse: Fuse) => ({ enabled: update[fuse], actor, reason: update.reason });
  const assignments = flipped.map((fuse) => `"${COLUMNS[fuse]}" = ${update[fuse] === true}`);
  await tx.query(
    `UPDATE "ExternalDbSyncMetadata" SET ${assignments.join(', ')}, "changedBy" = $2, "changeReason" = $3, "changedAt" = now(),
       "switchChanges" = "switchChanges" || (SELECT jsonb_object_agg(c.key, c.value || jsonb_build_object('at', floor(extract(epoch FROM now()) * 1000)))
         FROM jsonb_each($1::jsonb) c)`,
    [JSON.stringify(Object.fromEntries(flipped.map((fuse) => [fuse, change(fuse)]))), actor.keySetId, update.reason],
  );
  // Whoever sleeps between two looks need not wait for the next one.
  await tx.query(`SELECT pg_notify('hexclave_sequencer', ''), pg_notify('hexclave_outgoing_request', '')`);
}

async function readRow(queryable: Queryable, select: string): Promise<Row> {
  const [row] = await queryable.query<Row>(select);
  if (row === undefined) throw new Error('The internal database has no fusebox');
  return row;
}

function toFusebox(row: Row): Fusebox {
  const fuse = (name: Fuse): Fusebox[Fuse] => {
    const enabled = row[COLUMNS[name]];
    const change = row.switchChanges[name];
    // What was flipped by hand since then has no author.
    const isKnown = change !== undefined && change.enabled === enabled;
    return {
      enabled,
      changed: isKnown ? { by: toActor(change.actor, true), at_millis: change.at, reason: change.reason } : null,
    };
  };
  return {
    sequencer: fuse('sequencer'),
    poller: fuse('poller'),
    outgoing_requests: fuse('outgoing_requests'),
    sync_engine: fuse('sync_engine'),
  };
}
