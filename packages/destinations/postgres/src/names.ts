import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import type { CopyProgress, Position, TargetOwner, TargetTable } from '@hexclave/sync';

/** Our own two tables in the customer's schema. */
export const METADATA_TABLE = '_hexclave_sync_metadata';
export const PARKED_TABLE = '_hexclave_parked_rows';

/** Qualified, quoted names in one schema of one external database. */
export type Names = {
  readonly schema: string;
  readonly metadata: string;
  readonly parked: string;
  table(target: TargetTable): string;
};

export function namesIn(schema: string): Names {
  return {
    schema,
    metadata: id(schema, METADATA_TABLE),
    parked: id(schema, PARKED_TABLE),
    table: (target) => id(schema, target.name),
  };
}

/**
 * No statement of ours runs or waits for a lock longer than this, in ms. SET LOCAL, because a transaction pooler hands
 * the session to others afterwards. The lock timeout also bounds how long queries of the customer's can queue up behind
 * a waiter of ours.
 */
const TIMEOUTS =
  'SET LOCAL statement_timeout = 60000; SET LOCAL lock_timeout = 4000; SET LOCAL idle_in_transaction_session_timeout = 120000';

/**
 * A batch and its position are lost together or not at all, and a lost batch is applied again: so no commit has to wait
 * for the target's disk. PostgreSQL's own subscriptions do the same.
 */
const NOT_DURABLE = 'SET LOCAL synchronous_commit = off';

export const BEGIN = `BEGIN; ${TIMEOUTS}; ${NOT_DURABLE}`;

/** SQLSTATE raised by {@link fenceSql}: ours alone, outside every class that PostgreSQL uses. */
export const FENCED_SQLSTATE = 'HXF01';

/** SQL equal for equal positions: `null` when streaming. */
export function copyLiteral(copy: CopyProgress | null): string {
  return copy === null ? 'NULL' : `${quoteLiteral(JSON.stringify(copy))}::jsonb`;
}

/** Whether the position, in the metadata as `m`, is this one. */
export function isAt({ epoch, cursor, copy }: Position): string {
  return `m.epoch = ${quoteLiteral(epoch)}
      AND m.last_synced_sequence_id = ${cursor} AND m.copy_progress IS NOT DISTINCT FROM ${copyLiteral(copy)}`;
}

/** Locks the position and raises {@link FENCED_SQLSTATE} unless it is still `from`: then nothing of the batch happens. */
export function fenceSql(names: Names, owner: TargetOwner, target: TargetTable, from: Position): string {
  const check = `SELECT 1 FROM ${names.metadata} m WHERE m.mapping_name = ${quoteLiteral(target.mapping)}
      AND m.owner = ${quoteLiteral(owner.tenancyId)} AND m.declaration_hash = ${quoteLiteral(target.hash)} AND ${isAt(from)}
      FOR UPDATE`;
  const body = `BEGIN
    PERFORM 1 FROM (${check}) fence;
    IF NOT FOUND THEN RAISE EXCEPTION USING ERRCODE = '${FENCED_SQLSTATE}', MESSAGE = 'the position has moved'; END IF;
  END`;
  return `DO ${quoteLiteral(body)}`;
}

/**
 * Moves the position; only after {@link fenceSql} in the same transaction. The place in the source's log never goes back: some
 * rows may have been put right at this very position, by an engine that read them later than this batch was read.
 */
export function moveSql(names: Names, target: TargetTable, to: Position): string {
  return `UPDATE ${names.metadata} SET epoch = ${quoteLiteral(to.epoch)}, last_synced_sequence_id = ${to.cursor},
    copy_progress = ${copyLiteral(to.copy)}, source_lsn = GREATEST(source_lsn, ${to.sourceLsn ?? 'NULL'}), updated_at = now()
    WHERE mapping_name = ${quoteLiteral(target.mapping)}`;
}
