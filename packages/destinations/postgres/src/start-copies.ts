import { quoteLiteral } from '@hexclave/db';
import type { CopyProgress, CopyStart, Position, TargetOwner } from '@hexclave/sync';
import type pg from 'pg';
import { jointly, type PerTable } from './jointly.ts';
import { BEGIN, copyLiteral, isAt, type Names } from './names.ts';
import { runStatements } from './transaction.ts';

/** Begins copies in one round trip; see `DestinationConnection.startCopies`. */
export function startCopies(
  client: pg.Client,
  names: Names,
  owner: TargetOwner,
  starts: readonly CopyStart[],
): Promise<PerTable<Position | null>> {
  const items = starts.map((start) => ({ ...start, target: start.table }));
  return jointly(items, async (some) => {
    const locks = `SELECT 1 FROM ${names.metadata} m WHERE ${some.map((start) => `(${isOurs(owner, start)})`).join(' OR ')} ORDER BY m.mapping_name FOR UPDATE`;
    const results = await runStatements(client, [
      BEGIN,
      locks,
      ...some.map((start) => startSql(names, owner, start)),
      'COMMIT',
    ]);
    const moved = results.slice(-1 - some.length, -1);
    return new Map(some.map((start, place) => [start.table.mapping, outcome(start, moved[place])]));
  });
}

function isOurs(owner: TargetOwner, { table }: CopyStart): string {
  return `m.mapping_name = ${quoteLiteral(table.mapping)} AND m.owner = ${quoteLiteral(owner.tenancyId)} AND m.declaration_hash = ${quoteLiteral(table.hash)}`;
}

function isAsFound({ from }: CopyStart): string {
  return from === null ? 'm.epoch IS NULL' : isAt(from);
}

/** A statement after the lock: one that looked before it had the lock could miss rows of a batch that it waited for. */
function startSql(names: Names, owner: TargetOwner, start: CopyStart): string {
  return `UPDATE ${names.metadata} m SET epoch = ${quoteLiteral(start.epoch)}, last_synced_sequence_id = ${start.cursor}, source_lsn = ${start.sourceLsn}, updated_at = now(),
    copy_progress = CASE WHEN EXISTS (SELECT 1 FROM ${names.table(start.table)}) THEN ${copyLiteral(start.otherwise)} ELSE ${copyLiteral(start.ifEmpty)} END
    WHERE ${isOurs(owner, start)} AND ${isAsFound(start)} RETURNING m.copy_progress AS copy`;
}

function outcome(
  { epoch, cursor, sourceLsn }: CopyStart,
  moved: pg.QueryResult<{ copy: CopyProgress | null }> | undefined,
) {
  const [row] = moved?.rows ?? [];
  return row === undefined ? null : { epoch, cursor, copy: row.copy, sourceLsn };
}
