import type { Queryable } from '@hexclave/db';
import { endBackOff, type Waiting } from './back-off.ts';

/** A request for one external database alone, due at once: one that failed is tried by no other. */
const ENQUEUE_NOW = `
  INSERT INTO "OutgoingRequest" ("kind", "tenancyId", "externalDatabaseId", "deduplicationKey")
  VALUES ('sync', $1::uuid, $2::text, 'sync:' || $1::uuid || ':' || $2::text)
  ON CONFLICT ("deduplicationKey") WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL
  DO UPDATE SET "updatedAt" = now(), "notBefore" = LEAST("OutgoingRequest"."notBefore", now())`;

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
  await tx.query(ENQUEUE_NOW, [tenancyId, externalDatabaseId]);
  await tx.query(`SELECT pg_notify('hexclave_outgoing_request', '')`);
  return ended || parked.length > 0 || delivered.length > 0;
}
