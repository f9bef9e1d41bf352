import { backoffMs, type Database, errorCode, NOT_DURABLE } from '@hexclave/db';
import type { Claim, ClaimedRequest, DeliveryFailure, DeliveryResult } from './request.ts';

const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 5 * 60_000;
/** No receiver can put a request off for longer. */
const MOST_RETRY_AFTER_MS = 60 * 60_000;
const UNIQUE_VIOLATION = '23505';
const RELEASE_ATTEMPTS = 5;

/**
 * Writes down what became of a delivery, unless its claim was taken over meanwhile: then nothing happens. Returns whether
 * a request may be due that was not before.
 */
export async function settleRequest(db: Database, request: ClaimedRequest, result: DeliveryResult): Promise<boolean> {
  switch (result.kind) {
    case 'delivered':
      return completeRequest(db, request);
    case 'again':
      await releaseRequest(db, request, result.delayMs ?? 0);
      return true;
    case 'handed-over':
      await extendLease(db, request, result.leaseMs);
      return false;
    case 'failed':
      await failRequest(db, request, result);
      return true;
  }
}

const COMPLETE = `WITH commit AS MATERIALIZED (SELECT ${NOT_DURABLE})
  DELETE FROM "OutgoingRequest" r USING commit WHERE r."id" = $1 AND r."claimToken" = $2`;

/**
 * A statement after that one: whoever queues the next request of this key either still sees this one and is seen here, or
 * does not and tells a poller.
 */
const NEXT_OF_KEY = `SELECT 1 FROM "OutgoingRequest" r
  WHERE r."deduplicationKey" = $1 AND r."startedFulfillingAt" IS NULL AND r."failedAt" IS NULL`;

/** Removes a delivered request. Returns whether the next one of its key waits, if it has one. */
export async function completeRequest(
  db: Database,
  { id, claimToken, deduplicationKey = null }: Claim & Partial<Pick<ClaimedRequest, 'deduplicationKey'>>,
): Promise<boolean> {
  const complete = { text: COMPLETE, values: [id, claimToken] };
  const nextOfKey = { text: NEXT_OF_KEY, values: [deduplicationKey] };
  const [, next = []] = await db.queryTogether(deduplicationKey === null ? [complete] : [complete, nextOfKey]);
  return next.length > 0;
}

/** Gives a claim back without counting a failure: there is more to do. */
export async function releaseRequest(db: Database, claim: Claim, delayMs: number): Promise<void> {
  await release(db, [claim.id, claim.claimToken, delayMs, null, null, 0]);
}

/** Counts a failure: the request is tried again later, or given up and kept when its attempts are used up. */
export async function failRequest(
  db: Database,
  request: ClaimedRequest,
  failure: Omit<DeliveryFailure, 'kind'>,
): Promise<void> {
  const attempts = request.attempts + 1;
  if (failure.permanent === true || (request.maxAttempts !== null && attempts >= request.maxAttempts)) {
    await db.query(
      `UPDATE "OutgoingRequest" SET "failedAt" = now(), "attempts" = $3, "lastErrorCode" = $4, "lastErrorMessage" = $5, "updatedAt" = now()
       WHERE "id" = $1 AND "claimToken" = $2`,
      [request.id, request.claimToken, attempts, failure.code, failure.message],
    );
    return;
  }
  const backoff = backoffMs(attempts, RETRY_BASE_MS, RETRY_CAP_MS, () => 0.5 + Math.random() / 2);
  const delayMs = Math.max(backoff, Math.min(failure.retryAfterMs ?? 0, MOST_RETRY_AFTER_MS));
  await release(db, [request.id, request.claimToken, delayMs, failure.code, failure.message, 1]);
}

/** Whether a claim is still the present one of a request: what a receiver asks before it acts on a queue service's word. */
export async function isClaimed(db: Database, claim: Claim): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM "OutgoingRequest" WHERE "id" = $1 AND "claimToken" = $2 AND "failedAt" IS NULL`,
    [claim.id, claim.claimToken],
  );
  return rows.length > 0;
}

/** Makes a claim last for `leaseMs` from now. */
export async function extendLease(db: Database, claim: Claim, leaseMs: number): Promise<void> {
  await db.query(
    `UPDATE "OutgoingRequest" SET "leaseExpiresAt" = now() + $3 * interval '1 millisecond', "updatedAt" = now()
     WHERE "id" = $1 AND "claimToken" = $2`,
    [claim.id, claim.claimToken, leaseMs],
  );
}

/**
 * Gives a claim back, to be tried again `$3` ms later. When a newer request of the same key already waits, that one
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

/**
 * An heir that is committed between this statement's snapshot and its update is in the way of the unique index; the
 * next try sees it. Giving up instead would hold the key back until the lease runs out.
 */
async function release(db: Database, values: readonly unknown[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await db.query(RELEASE, values);
      return;
    } catch (error) {
      if (errorCode(error) !== UNIQUE_VIOLATION || attempt >= RELEASE_ATTEMPTS) throw error;
    }
  }
}
