import { backoffMs, type Database, type Queryable } from '@hexclave/db';
import type { ClaimedRequest, NewRequest } from './request.ts';

/** A claim is void after this many ms: longer than any delivery may take, so that only the dead are taken over from. */
export const LEASE_MS = 60_000;

const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 5 * 60_000;
const DEFAULT_MAX_ATTEMPTS = 10;

/**
 * Lets the commit return before the WAL is on disk, within a single statement. After a crash a claim is simply not there
 * any more, and a delivery that was done is done again.
 */
const NOT_DURABLE = "set_config('synchronous_commit', 'off', true)";

/**
 * Claims due requests and those whose lease has run out. Left out: a request while another of its key is under way, one
 * more than its flow control allows, and everything that the fuses hold back. Two claims of one key at the same moment
 * are possible across processes, and harmless.
 */
const CLAIM = `
  WITH fuse AS (SELECT m."outgoingRequestsEnabled" AND m."pollerEnabled" AS on, m."syncEngineEnabled" AS sync, ${NOT_DURABLE} AS commit
    FROM "ExternalDbSyncMetadata" m),
  due AS (
    SELECT r."id" FROM "OutgoingRequest" r, fuse
    WHERE r."startedFulfillingAt" IS NULL AND r."failedAt" IS NULL AND r."notBefore" <= now() AND fuse.on AND (fuse.sync OR r."kind" <> 'sync')
      AND NOT EXISTS (SELECT 1 FROM "OutgoingRequest" o WHERE o."deduplicationKey" = r."deduplicationKey"
        AND o."startedFulfillingAt" IS NOT NULL AND o."failedAt" IS NULL AND o."leaseExpiresAt" > now())
      AND (r."flowControlKey" IS NULL OR r."flowControlParallelism" > (SELECT count(*) FROM "OutgoingRequest" o
        WHERE o."flowControlKey" = r."flowControlKey" AND o."startedFulfillingAt" IS NOT NULL AND o."failedAt" IS NULL AND o."leaseExpiresAt" > now()))
    ORDER BY r."notBefore" LIMIT $1 FOR UPDATE OF r SKIP LOCKED
  ), stale AS (
    SELECT r."id" FROM "OutgoingRequest" r, fuse
    WHERE r."startedFulfillingAt" IS NOT NULL AND r."failedAt" IS NULL AND r."leaseExpiresAt" <= now() AND fuse.on AND (fuse.sync OR r."kind" <> 'sync')
    ORDER BY r."leaseExpiresAt" LIMIT $1 FOR UPDATE OF r SKIP LOCKED
  ), candidates AS (
    SELECT "id" FROM due UNION ALL SELECT "id" FROM stale
  )
  UPDATE "OutgoingRequest" r SET "startedFulfillingAt" = now(), "leaseExpiresAt" = now() + $2 * interval '1 millisecond',
    "claimToken" = gen_random_uuid(), "updatedAt" = now()
  FROM candidates c WHERE r."id" = c."id"
  RETURNING r."id", r."kind", r."tenancyId", r."externalDatabaseId", r."method", r."url", r."headers", r."body", r."deduplicationKey",
    r."flowControlKey", r."flowControlParallelism", r."attempts", r."maxAttempts", r."claimToken"`;

/** Claims at most `limit` requests. */
export function claimRequests(db: Database, limit: number): Promise<ClaimedRequest[]> {
  return db.queryPrepared<ClaimedRequest>(CLAIM, [limit, LEASE_MS]);
}

/** Removes a delivered request, unless its claim was taken over. */
export async function completeRequest(db: Database, request: ClaimedRequest): Promise<void> {
  await db.queryPrepared(
    `WITH commit AS MATERIALIZED (SELECT ${NOT_DURABLE}) DELETE FROM "OutgoingRequest" r USING commit WHERE r."id" = $1 AND r."claimToken" = $2`,
    [request.id, request.claimToken],
  );
}

/**
 * Gives a claim back, to be tried again `delayMs` later. When a newer request of the same key already waits, that one
 * does the work, not before the back-off of this one has passed.
 */
const RELEASE = `
  WITH mine AS (
    SELECT r."id", r."deduplicationKey", r."attempts" FROM "OutgoingRequest" r WHERE r."id" = $1 AND r."claimToken" = $2 FOR UPDATE
  ), heir AS (
    UPDATE "OutgoingRequest" w SET "attempts" = GREATEST(w."attempts", mine."attempts" + $6), "updatedAt" = now(),
      "notBefore" = GREATEST(w."notBefore", now() + $3 * interval '1 millisecond'), "lastErrorCode" = $4, "lastErrorMessage" = $5
    FROM mine WHERE w."deduplicationKey" = mine."deduplicationKey" AND w."startedFulfillingAt" IS NULL AND w."failedAt" IS NULL
    RETURNING w."id"
  ), inherited AS (
    DELETE FROM "OutgoingRequest" r USING mine WHERE r."id" = mine."id" AND EXISTS (SELECT 1 FROM heir)
  )
  UPDATE "OutgoingRequest" r SET "startedFulfillingAt" = NULL, "leaseExpiresAt" = NULL, "claimToken" = NULL, "attempts" = r."attempts" + $6,
    "updatedAt" = now(), "notBefore" = now() + $3 * interval '1 millisecond', "lastErrorCode" = $4, "lastErrorMessage" = $5
  FROM mine WHERE r."id" = mine."id" AND NOT EXISTS (SELECT 1 FROM heir)`;

/** Gives a claim back without counting a failure: there is more to do. */
export async function releaseRequest(db: Database, request: ClaimedRequest, delayMs: number): Promise<void> {
  await db.query(RELEASE, [request.id, request.claimToken, delayMs, null, null, 0]);
}

/** Counts a failure: the request is tried again later, or given up and kept when its attempts are used up. */
export async function failRequest(
  db: Database,
  request: ClaimedRequest,
  failure: { readonly code: string; readonly message: string },
): Promise<void> {
  const attempts = request.attempts + 1;
  if (request.maxAttempts !== null && attempts >= request.maxAttempts) {
    await db.query(
      `UPDATE "OutgoingRequest" SET "failedAt" = now(), "attempts" = $3, "lastErrorCode" = $4, "lastErrorMessage" = $5, "updatedAt" = now()
       WHERE "id" = $1 AND "claimToken" = $2`,
      [request.id, request.claimToken, attempts, failure.code, failure.message],
    );
    return;
  }
  const delayMs = backoffMs(attempts, RETRY_BASE_MS, RETRY_CAP_MS, () => 0.5 + Math.random() / 2);
  await db.query(RELEASE, [request.id, request.claimToken, delayMs, failure.code, failure.message, 1]);
}

/** Queues any HTTP request, in the transaction of the change that causes it. Returns its id, or that of the one waiting. */
export async function enqueueRequest(tx: Queryable, request: NewRequest): Promise<string> {
  const rows = await tx.query<{ id: string }>(
    `INSERT INTO "OutgoingRequest" ("kind", "method", "url", "headers", "body", "deduplicationKey", "flowControlKey",
       "flowControlParallelism", "notBefore", "maxAttempts")
     VALUES ('http', $1, $2, $3, $4, $5, $6, $7, COALESCE($8::timestamptz, now()), $9)
     ON CONFLICT ("deduplicationKey") WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL DO UPDATE SET "updatedAt" = now()
     RETURNING "id"`,
    [
      request.method ?? 'POST',
      request.url,
      JSON.stringify(request.headers ?? {}),
      request.body ?? null,
      request.deduplicationKey ?? null,
      request.flowControl?.key ?? null,
      request.flowControl?.parallelism ?? null,
      request.notBefore ?? null,
      request.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an outgoing request was neither queued nor found waiting');
  return row.id;
}

/** Queues a sync of a tenancy right now, whether or not anything has changed. */
export async function enqueueSync(tx: Queryable, tenancyId: string): Promise<void> {
  await tx.query('SELECT "enqueue_tenant_sync"($1::uuid)', [tenancyId]);
}
