import type { Database, Queryable } from '@hexclave/db';
import { enqueueSync } from '../outgoing-requests/queue.ts';

/**
 * Has mappings of an external database copied anew, without emptying them: each counts how often that was asked for, the count
 * is part of the declaration that a target's table is compared with, and a new declaration is copied and swept range by range.
 * Sessions of the older generation close, and batches under way for the older declaration are refused by the fence. Returns
 * false if there is no such database.
 */
export function requestResync(
  db: Database,
  tenancyId: string,
  externalDatabaseId: string,
  mappings: readonly string[],
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const changed = await tx.query(
      `UPDATE "ExternalDatabase" d SET "generation" = d."generation" + 1, "updatedAt" = now(),
         "resyncs" = d."resyncs" || (SELECT jsonb_object_agg(u.mapping, COALESCE((d."resyncs" ->> u.mapping)::bigint, 0) + 1) FROM unnest($3::text[]) u (mapping))
       WHERE d."tenancyId" = $1 AND d."id" = $2 RETURNING 1`,
      [tenancyId, externalDatabaseId, mappings],
    );
    if (changed.length === 0) return false;
    await endBackOff(tx, tenancyId, externalDatabaseId);
    await enqueueSync(tx, tenancyId);
    return true;
  });
}

/** Somebody is waiting. */
async function endBackOff(tx: Queryable, tenancyId: string, externalDatabaseId: string): Promise<void> {
  for (const table of ['ExternalDatabaseState', 'ExternalDatabaseMappingState']) {
    await tx.query(
      `UPDATE "${table}" SET "nextAttemptAt" = NULL WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND "nextAttemptAt" IS NOT NULL`,
      [tenancyId, externalDatabaseId],
    );
  }
}
