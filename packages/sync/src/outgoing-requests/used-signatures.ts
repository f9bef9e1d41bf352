import type { Database } from '@hexclave/db';
import { SIGNATURE_WINDOW_SECONDS } from './signature.ts';

/** Twice the window: a timestamp may lie ahead of our clock by one. */
const KEPT_SECONDS = 2 * SIGNATURE_WINDOW_SECONDS;
const REMOVED_AT_ONCE = 100;

/** Each use removes more expired ones than it adds, so the table stays small without a job of its own. */
const USE = `
  WITH expired AS (
    SELECT u."requestId" FROM "UsedSignature" u WHERE u."expiresAt" < now() ORDER BY u."expiresAt" LIMIT ${REMOVED_AT_ONCE}
    FOR UPDATE SKIP LOCKED
  ), removed AS (
    DELETE FROM "UsedSignature" u USING expired e WHERE u."requestId" = e."requestId"
  )
  INSERT INTO "UsedSignature" ("requestId", "expiresAt") VALUES ($1, now() + $2 * interval '1 second')
  ON CONFLICT ("requestId") DO NOTHING RETURNING 1`;

/** Marks the id of a request with a valid signature as used. Returns false if it was used before, on whatever server. */
export async function useSignature(db: Database, requestId: string): Promise<boolean> {
  const rows = await db.query(USE, [requestId, KEPT_SECONDS]);
  return rows.length > 0;
}
