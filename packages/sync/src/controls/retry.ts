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

/**
 * Has an external database, or one mapping of it, tried again at once, whatever it is waiting for. Returns whether it was
 * waiting for anything.
 */
export async function retryNow(
  tx: Queryable,
  waiting: Waiting & { readonly externalDatabaseId: string },
): Promise<boolean> {
  const ended = await endBackOff(tx, waiting);
  const delivered = await tx.query(DELIVER_NOW, [waiting.tenancyId]);
  await tx.query(ENQUEUE_NOW, [waiting.tenancyId, waiting.externalDatabaseId]);
  await tx.query(`SELECT pg_notify('hexclave_outgoing_request', '')`);
  return ended || delivered.length > 0;
}
