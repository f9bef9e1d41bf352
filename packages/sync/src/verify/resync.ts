import type { Queryable } from '@hexclave/db';
import { endBackOff } from '../controls/back-off.ts';
import { enqueueSync } from '../outgoing-requests/queue.ts';

/**
 * Has mappings of an external database copied anew, without emptying them: each counts how often that was asked for, the count
 * is part of the declaration that a target's table is compared with, and a new declaration is copied and swept range by range.
 * Sessions of the older generation close, and batches under way for the older declaration are refused by the fence. Returns
 * false if there is no such database. To be called in a transaction.
 */
export async function requestResync(
  tx: Queryable,
  tenancyId: string,
  externalDatabaseId: string,
  mappings: readonly string[],
): Promise<boolean> {
  const changed = await tx.query(
    `UPDATE "ExternalDatabase" d SET "generation" = d."generation" + 1, "updatedAt" = now(),
       "resyncs" = d."resyncs" || (SELECT jsonb_object_agg(u.mapping, COALESCE((d."resyncs" ->> u.mapping)::bigint, 0) + 1) FROM unnest($3::text[]) u (mapping))
     WHERE d."tenancyId" = $1 AND d."id" = $2 RETURNING 1`,
    [tenancyId, externalDatabaseId, mappings],
  );
  if (changed.length === 0) return false;
  await endBackOff(tx, { tenancyId, externalDatabaseId });
  await enqueueSync(tx, tenancyId);
  return true;
}
