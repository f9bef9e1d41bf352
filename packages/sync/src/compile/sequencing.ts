import { quoteIdentifier as id } from '@hexclave/db';
import type { Catalog } from '../declare/catalog.ts';
import type { TrackedTable } from '../declare/tracked-table.ts';

/** Key of the transaction-level advisory lock under which all numbers are handed out ("hexclave" read as base 36). */
export const SEQUENCER_LOCK_KEY = '1352394229226';

/** How many tenancies share one pass: enough to be fair, few enough for the walk over the index to stay short. */
const TENANCIES_PER_PASS = 64;

/** The smallest share of a pass that a tenancy gets, however many wait. */
const LEAST_SHARE = 16;

/** The settings under which rows are numbered. */
export const WALK_SETTINGS = [
  'enable_seqscan = off',
  'enable_bitmapscan = off',
  'jit = off',
  'plan_cache_mode = force_generic_plan',
];

const DELETED_ROW: TrackedTable = { name: 'DeletedRow', tenancyColumn: 'tenancyId', key: { id: 'bigint' } };

/**
 * Compiles `backfill_null_sequence_ids(batch_size, start_after, ask_wake, room, lease_ms)`: numbers up to about `batch_size`
 * flagged rows of each tracked table and queues a sync for each tenancy that got numbers, in one transaction. Up to `room`
 * of those are `claimed` for the caller at once, for `lease_ms`.
 *
 * Why no id is ever skipped by a reader: numbers are drawn while the advisory lock is held, and the lock is released by
 * the commit that makes them visible. So whoever sees number N sees every smaller one. The lock is its own statement:
 * the statements after it take their snapshots when everything numbered earlier is visible.
 *
 * Rows locked by open transactions are passed over (SKIP LOCKED) and stay flagged: a long transaction delays only its
 * own rows. NO KEY UPDATE, since foreign-key checks of other transactions hold KEY SHARE on rows they do not change.
 */
export function compileSequencing(catalog: Catalog): string[] {
  const tables = [...catalog.tables, DELETED_ROW];
  // In one statement: most passes are asked for by one change, and every statement costs as much as numbering a row.
  const anyFlagged = tables
    .map((table) => `EXISTS (SELECT 1 FROM ${id(table.name)} t WHERE t."shouldUpdateSequenceId")`)
    .join(', ');
  return [
    `CREATE OR REPLACE FUNCTION "backfill_null_sequence_ids"("batch_size" integer DEFAULT 1000, "start_after" uuid DEFAULT NULL,
  "ask_wake" boolean DEFAULT false, "room" integer DEFAULT 0, "lease_ms" integer DEFAULT 0)
RETURNS TABLE ("numbered" bigint, "last_tenancy" uuid, "more" boolean, "claimed" jsonb, "unclaimed" boolean) LANGUAGE plpgsql
-- Statistics say little about flags that come and go by the second: only the walk over the partial index is right, always.
${WALK_SETTINGS.map((setting) => `SET ${setting}`).join(' ')} AS $$
#variable_conflict use_column
DECLARE
  fuse boolean;
  in_epoch boolean;
  flagged boolean[];
  tenancies uuid[];
  picked tid[];
  touched uuid[] := '{}';
  share bigint;
BEGIN
  numbered := 0;
  more := false;
  claimed := '[]';
  unclaimed := false;
  PERFORM pg_advisory_xact_lock(${SEQUENCER_LOCK_KEY});
  SELECT m."sequencerEnabled", e."isCurrent" INTO fuse, in_epoch FROM "ExternalDbSyncMetadata" m, "SequenceEpochIsCurrent" e;
  IF NOT fuse THEN
    RETURN NEXT;
    RETURN;
  END IF;
  IF NOT in_epoch THEN
    PERFORM "begin_sequence_epoch"();
  END IF;
  -- Before looking: who writes after this wakes us, and what was written before is found, or committed a moment later.
  IF ask_wake AND pg_sequence_last_value('"sequencer_sleep_state"'::regclass) <> 2 THEN
    PERFORM setval('"sequencer_sleep_state"', 2);
  END IF;
  flagged := (SELECT ARRAY[${anyFlagged}]);
${tables.map((table, index) => numberTable(table, index + 1)).join('')}
  IF numbered > 0 THEN
    UPDATE "SequenceEpoch" e SET "lastNumber" = currval('"global_seq_id"')
    WHERE e."ordinal" = (SELECT max(x."ordinal") FROM "SequenceEpoch" x);
${ENQUEUE}
  END IF;
  RETURN NEXT;
END $$`,
  ];
}

/**
 * Queues a sync of each tenancy in `touched`. What nobody else has to do with, and there is `room` for, is claimed for the
 * caller as it is queued: that spares a poll between a change and its delivery.
 */
const ENQUEUE = `    WITH begun AS (
      INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "deduplicationKey", "startedFulfillingAt", "leaseExpiresAt", "claimToken")
      SELECT 'sync', t.id, 'sync:' || t.id, now(), clock_timestamp() + lease_ms * interval '1 millisecond', gen_random_uuid()
      FROM (SELECT DISTINCT unnest(touched) AS id) t, "ExternalDbSyncMetadata" m
      WHERE m."pollerEnabled" AND m."outgoingRequestsEnabled" AND m."syncEngineEnabled"
        AND EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = t.id)
        AND NOT EXISTS (SELECT 1 FROM "OutgoingRequest" w
          WHERE w."deduplicationKey" = 'sync:' || t.id AND w."startedFulfillingAt" IS NULL AND w."failedAt" IS NULL)
        AND NOT EXISTS (SELECT 1 FROM "OutgoingRequest" u
          WHERE u."deduplicationKey" = 'sync:' || t.id AND u."startedFulfillingAt" IS NOT NULL AND u."failedAt" IS NULL)
      LIMIT room
      RETURNING "id", "tenancyId", "deduplicationKey", "claimToken"
    )
    SELECT COALESCE(jsonb_agg(to_jsonb(b)), '[]'), COALESCE(array_agg(b."tenancyId"), '{}') INTO claimed, tenancies FROM begun b;
    IF NOT tenancies @> touched THEN
      unclaimed := "enqueue_tenant_sync"(ARRAY(SELECT unnest(touched) EXCEPT SELECT unnest(tenancies))) > 0;
    END IF;`;

/** The rows of one tenancy that wait for a number, locked; those that others have locked are passed over. */
export function pickFlagged(table: TrackedTable, tenancy: string, limit: string): string {
  return `SELECT t.ctid FROM ${id(table.name)} t WHERE t."shouldUpdateSequenceId" AND t.${id(table.tenancyColumn)} = ${tenancy}
        LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED`;
}

/** Gives rows numbers of a sequence. `picked`: SQL of an array of their ctids. */
export function numberRows(table: TrackedTable, sequence: string, picked: string): string {
  return `UPDATE ${id(table.name)} t SET "sequenceId" = nextval('${sequence}'), "shouldUpdateSequenceId" = false
        WHERE t.ctid = ANY (${picked})`;
}

function numberTable(table: TrackedTable, place: number): string {
  const name = id(table.name);
  const tenancy = id(table.tenancyColumn);
  const nextTenancy = (after: string) =>
    `SELECT t.${tenancy} FROM ${name} t WHERE t."shouldUpdateSequenceId"${after} ORDER BY t.${tenancy} LIMIT 1`;
  return `
  IF flagged[${place}] THEN
    tenancies := ARRAY(
      WITH RECURSIVE walk (tenancy) AS (
        (${nextTenancy(` AND (start_after IS NULL OR t.${tenancy} > start_after)`)})
        UNION ALL
        SELECT (${nextTenancy(` AND t.${tenancy} > walk.tenancy`)}) FROM walk WHERE walk.tenancy IS NOT NULL
      ) SELECT w.tenancy FROM walk w WHERE w.tenancy IS NOT NULL LIMIT ${TENANCIES_PER_PASS});
    IF cardinality(tenancies) > 0 THEN
      share := GREATEST(batch_size / cardinality(tenancies), ${LEAST_SHARE});
      picked := ARRAY(SELECT r.ctid FROM unnest(tenancies) s (tenancy) CROSS JOIN LATERAL (
        ${pickFlagged(table, 's.tenancy', 'share')}) r);
      WITH done AS (
        ${numberRows(table, '"global_seq_id"', 'picked')} RETURNING t.${tenancy} AS tenancy
      ) SELECT touched || COALESCE(array_agg(DISTINCT d.tenancy), '{}') INTO touched FROM done d;
      numbered := numbered + cardinality(picked);
      more := more OR cardinality(picked) >= share;
      IF cardinality(tenancies) = ${TENANCIES_PER_PASS} THEN
        last_tenancy := LEAST(last_tenancy, tenancies[${TENANCIES_PER_PASS}]);
        more := true;
      END IF;
    END IF;
  END IF;
`;
}
