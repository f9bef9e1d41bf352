import type { Database, Queryable } from '@hexclave/db';
import type { KeptActor } from './actor.ts';
import { type Doer, FORGET_OLD_EVENTS, recordAudit } from './audit.ts';

/** What somebody signs in with. */
export type SignInMeans = 'key' | 'link';

/** Nobody who is known: whoever tried to sign in and could not. */
const STRANGER: KeptActor = { kind: 'unknown', keySetId: null, keyHint: null, origin: 'dashboard' };

/** Writes down that somebody has signed in. `address`: of the caller, as limits are counted by. */
export async function recordSignIn(
  tx: Queryable,
  by: Doer,
  projectId: string,
  signIn: { readonly by: SignInMeans; readonly address: string },
): Promise<void> {
  await recordAudit(tx, by, { action: 'session.sign_in', projectId, after: signIn });
}

export async function recordSignOut(tx: Queryable, by: Doer, projectId: string): Promise<void> {
  await recordAudit(tx, by, { action: 'session.sign_out', projectId });
}

/** Attempts from one address at one project are one event, which counts them, for so long after the first. */
const COUNTED_FOR = "interval '1 hour'";
/** So many events in that time. Further addresses share one, so that a flood from everywhere fills no table. */
const MOST_EVENTS = 100;

/**
 * $1 project, $2 address, $3 means, $4 cause, $5 actor, $6 request. What is asked for as a project may be anything, and is
 * only kept if it is one.
 */
const RECORD_FAILURE = `
  WITH forgotten AS (${FORGET_OLD_EVENTS}),
  lately AS (
    SELECT * FROM "AuditEvent"
    WHERE "at" > now() - ${COUNTED_FOR} AND "action" = 'session.sign_in' AND "result" = 'failed'),
  source AS (
    SELECT (SELECT "id" FROM "Project" WHERE "id" = $1) AS "projectId", $2::text AS "address",
      (SELECT count(*) >= ${MOST_EVENTS} FROM lately) AS "isFlood"),
  repeated AS (
    UPDATE "AuditEvent" e
    SET "after" = e."after" || jsonb_build_object(
      'attempts', (e."after"->>'attempts')::bigint + 1, 'last_at_millis', floor(extract(epoch FROM now()) * 1000)::bigint)
    WHERE e."id" = (
      SELECT l."id" FROM lately l, source s
      WHERE (l."projectId" IS NOT DISTINCT FROM s."projectId" AND l."after"->>'address' = s."address" AND l."after"->>'by' = $3)
        OR (s."isFlood" AND l."after"->>'address' IS NULL)
      ORDER BY l."after"->>'address' NULLS LAST, l."at" DESC LIMIT 1)
    RETURNING e."id")
  INSERT INTO "AuditEvent" ("action", "projectId", "actor", "after", "result", "requestId")
  SELECT 'session.sign_in', CASE WHEN NOT "isFlood" THEN "projectId" END, $5,
    jsonb_build_object('by', $3::text, 'cause', $4::text, 'attempts', 1, 'address', CASE WHEN NOT "isFlood" THEN "address" END),
    'failed', $6
  FROM source WHERE NOT EXISTS (SELECT FROM repeated)`;

/** Writes down that somebody could not sign in. `projectId`: what they asked for; undefined where that is not known. */
export async function recordFailedSignIn(
  database: Database,
  requestId: string,
  projectId: string | undefined,
  attempt: { readonly by: SignInMeans; readonly address: string; readonly cause: 'wrong_key' | 'link_not_valid' },
): Promise<void> {
  const { by, address, cause } = attempt;
  await database.query(RECORD_FAILURE, [projectId ?? null, address, by, cause, JSON.stringify(STRANGER), requestId]);
}
