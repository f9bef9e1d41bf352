import type { Queryable } from '@hexclave/db';
import { assertDeliverable } from './http-message.ts';
import type { NewRequest } from './request.ts';

const DEFAULT_MAX_ATTEMPTS = 10;

const ENQUEUE = `
  WITH queued AS (
    INSERT INTO "OutgoingRequest" ("kind", "method", "url", "headers", "body", "deduplicationKey", "flowControlKey",
      "flowControlParallelism", "notBefore", "maxAttempts")
    VALUES ('http', $1, $2, $3, $4, $5, $6, $7, COALESCE($8::timestamptz, now()), $9)
    ON CONFLICT ("deduplicationKey") WHERE "startedFulfillingAt" IS NULL AND "failedAt" IS NULL DO UPDATE SET "updatedAt" = now()
    RETURNING "id"
  ) SELECT queued."id", pg_notify('hexclave_outgoing_request', '') FROM queued`;

/**
 * Queues any HTTP request, in the transaction of the change that causes it. Returns its id, or that of the one waiting.
 * The commit wakes the pollers, which costs: do not call it in every transaction of a busy writer. Throws
 * OUTGOING_REQUEST_INVALID for a request that no receiver could ever get.
 */
export async function enqueueRequest(tx: Queryable, request: NewRequest): Promise<string> {
  assertDeliverable(request);
  const [row] = await tx.query<{ id: string }>(ENQUEUE, [
    request.method ?? 'POST',
    request.url,
    JSON.stringify(request.headers ?? {}),
    request.body ?? null,
    request.deduplicationKey ?? null,
    request.flowControl?.key ?? null,
    request.flowControl?.parallelism ?? null,
    request.notBefore ?? null,
    request.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
  ]);
  if (row === undefined) throw new Error('an outgoing request was neither queued nor found waiting');
  return row.id;
}

/** Queues a sync of a tenancy right now, whether or not anything has changed. */
export async function enqueueSync(tx: Queryable, tenancyId: string): Promise<void> {
  await tx.query('SELECT "enqueue_tenant_sync"($1::uuid)', [tenancyId]);
}
