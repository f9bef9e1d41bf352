import type { Queryable } from '@hexclave/db';

/** Claims, and pauses between attempts at a sync, last for five minutes at the most. */
const isTooLate = (column: string) => `${column} > now() + interval '10 minutes'`;

/** For how long a caller's own request is put off is theirs to say. */
const PUT_OFF = [
  `UPDATE "OutgoingRequest" SET "leaseExpiresAt" = now(), "updatedAt" = now()
   WHERE "startedFulfillingAt" IS NOT NULL AND "failedAt" IS NULL AND ${isTooLate('"leaseExpiresAt"')}`,
  `UPDATE "OutgoingRequest" SET "notBefore" = now(), "updatedAt" = now()
   WHERE "kind" = 'sync' AND "startedFulfillingAt" IS NULL AND "failedAt" IS NULL AND ${isTooLate('"notBefore"')}`,
  ...['ExternalDatabaseState', 'ExternalDatabaseMappingState'].map(
    (table) => `UPDATE "${table}" SET "nextAttemptAt" = now() WHERE ${isTooLate('"nextAttemptAt"')}`,
  ),
  ...['VerificationRun', 'ExternalDatabaseVerification'].map(
    (table) => `UPDATE "${table}" SET "leaseExpiresAt" = now() WHERE ${isTooLate('"leaseExpiresAt"')}`,
  ),
] as const;

/**
 * Ends claims and pauses that the internal database's clock has made when it was ahead: once it is set back, they would
 * last longer by as much. A claim that is still in use is then taken over from a process that works on, which does no harm.
 */
export async function endFutureTimes(db: Queryable): Promise<void> {
  // One by one: others lock these tables in an order of their own.
  for (const statement of PUT_OFF) await db.query(statement);
}
