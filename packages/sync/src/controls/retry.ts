import type { Queryable } from '@hexclave/db';
import { endBackOff, type Waiting } from './back-off.ts';

/**
 * A request for each external database alone, due at once: one that failed is tried by no other, and by no other is one that
 * was restored asked where it is.
 */
const ENQUEUE_NOW = `
  INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "externalDatabaseId", "deduplicationKey")
  SELECT 'sync', d."tenancyId", d."id", 'sync:' || d."tenancyId" || ':' || d."id" FROM "ExternalDatabase" d
  WHERE d."tenancyId" = $1::uuid AND ($2::text IS NULL OR d."id" = $2)
  ON CONFLICT ("deduplicationKey") WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL
  DO UPDATE SET "updatedAt" = now(), "notBefore" = LEAST("OutgoingRequest"."notBefore", now()) RETURNING 1`;

/** A delivery to an engine elsewhere may have failed, and wait for its own next attempt. */
const DELIVER_NOW = `
  UPDATE "OutgoingRequest" SET "updatedAt" = now(), "notBefore" = now()
  WHERE "deduplicationKey" = 'sync:' || $1::uuid AND "startedFulfillingAt" IS NULL AND "failedAt" IS NULL AND "notBefore" > now()
  RETURNING 1`;

/** Rows that the target has refused wait there, by its own clock. */
const RETRY_PARKED = `
  UPDATE "ExternalDatabaseMappingState" SET "parkedRetryAskedAt" = clock_timestamp()
  WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND ($3::text IS NULL OR "mapping" = $3) AND "parkedRows" > 0 RETURNING 1`;

/**
 * Has an external database, or one mapping of it, tried again at once, whatever it is waiting for. Returns whether it was
 * waiting for anything.
 */
export async function retryNow(
  tx: Queryable,
  waiting: Waiting & { readonly externalDatabaseId: string },
): Promise<boolean> {
  const { tenancyId, externalDatabaseId, mapping } = waiting;
  const ended = await endBackOff(tx, waiting);
  const parked = await tx.query(RETRY_PARKED, [tenancyId, externalDatabaseId, mapping ?? null]);
  const delivered = await tx.query(DELIVER_NOW, [tenancyId]);
  await enqueueNow(tx, waiting);
  return ended || parked.length > 0 || delivered.length > 0;
}

/**
 * Has all external databases of a tenancy synced at once, whatever they are waiting for. Returns whether there is any. Parked
 * rows wait for their own time.
 */
export async function syncNow(tx: Queryable, tenancyId: string): Promise<boolean> {
  await endBackOff(tx, { tenancyId });
  await tx.query(DELIVER_NOW, [tenancyId]);
  return enqueueNow(tx, { tenancyId });
}

async function enqueueNow(tx: Queryable, { tenancyId, externalDatabaseId }: Waiting): Promise<boolean> {
  const queued = await tx.query(ENQUEUE_NOW, [tenancyId, externalDatabaseId ?? null]);
  await tx.query(`SELECT pg_notify('hexclave_outgoing_request', '')`);
  return queued.length > 0;
}
