import type { Database } from '@hexclave/db';
import type { Catalog } from '../declare/catalog.ts';

/** Tombstones are kept this long even when every copy has them, so that a target restored from a backup can replay. */
export const TOMBSTONE_RETENTION_MS = 24 * 60 * 60 * 1000;

const AT_ONCE = 5_000;

/**
 * Removes tombstones that every copy has, and notes how far: a cursor from before that point is copied anew. The horizon
 * is written in the same transaction, so no reader can see a gap without it. `$1` mappings, `$2` their tables, `$3` age
 * in ms, `$4` limit.
 */
const PRUNE = `
  WITH mappings AS (SELECT * FROM unnest($1::text[], $2::text[]) u (mapping, "tableName")),
  old AS (
    SELECT d."id", d."tenancyId", d."tableName", d."sequenceId" FROM "DeletedRow" d
    WHERE d."sequenceId" IS NOT NULL AND NOT d."shouldUpdateSequenceId" AND d."deletedAt" < now() - $3 * interval '1 millisecond'
      AND NOT EXISTS (
        SELECT 1 FROM "ExternalDatabase" e JOIN mappings m ON m."tableName" = d."tableName"
        LEFT JOIN "ExternalDatabaseMappingState" s ON s."tenancyId" = e."tenancyId" AND s."externalDatabaseId" = e."id" AND s."mapping" = m.mapping
        WHERE e."tenancyId" = d."tenancyId" AND e."tables" -> m.mapping ->> 'enabled' IS DISTINCT FROM 'false'
          AND COALESCE(s."appliedSequenceId", 0) < d."sequenceId")
    ORDER BY d."id" LIMIT $4 FOR UPDATE SKIP LOCKED
  ), horizon AS (
    INSERT INTO "DeletedRowHorizon" AS h ("tenancyId", "tableName", "prunedThrough")
    SELECT o."tenancyId", o."tableName", max(o."sequenceId") FROM old o JOIN "Tenancy" t ON t."id" = o."tenancyId" GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT ("tenancyId", "tableName") DO UPDATE SET "prunedThrough" = GREATEST(h."prunedThrough", excluded."prunedThrough")
  )
  DELETE FROM "DeletedRow" d USING old WHERE d."id" = old."id" RETURNING 1`;

/** Removes what may go, a batch a transaction. Returns how many. */
export async function pruneTombstones(
  db: Database,
  catalog: Catalog,
  retentionMs: number = TOMBSTONE_RETENTION_MS,
): Promise<number> {
  const mappings = catalog.mappings.map((mapping) => mapping.name);
  const tables = catalog.mappings.map((mapping) => mapping.table.name);
  let pruned = 0;
  for (;;) {
    const rows = await db.query(PRUNE, [mappings, tables, retentionMs, AT_ONCE]);
    pruned += rows.length;
    if (rows.length < AT_ONCE) return pruned;
  }
}
