import type { Database, Queryable } from '@hexclave/db';
import type { NumberedOrigin } from '../observer.ts';

/**
 * Origins: which trace a change belongs to. A writer that is traced notes it in the transaction of the change; the pass that
 * numbers the change writes between which numbers it lies, in its own transaction; who delivers or applies those numbers
 * finds it. Nothing reads or writes any of this while nobody traces.
 */

/** Notes where the changes of this transaction come from. `traceparent` as the W3C's header of that name. */
export async function noteOrigin(tx: Queryable, { tenancyId, traceparent }: NumberedOrigin): Promise<void> {
  await tx.query('INSERT INTO "ChangeOrigin" ("tenancyId", "traceparent") VALUES ($1, $2)', [tenancyId, traceparent]);
}

/** More are followed by the next pass, with numbers that are a little too high: a trace is no place for a million writes. */
const MOST_AT_ONCE = 200;

/**
 * Wraps the sequencer's statement, `pass`, so that the origins of what it numbers get its numbers. Seen before the pass
 * takes its own snapshots, so each change that belongs to one is numbered by it, unless it is locked or there is no room.
 */
export function withOrigins(pass: string): string {
  return `WITH seen AS MATERIALIZED (
    SELECT o."id" FROM "ChangeOrigin" o WHERE o."numberedThrough" IS NULL ORDER BY o."id" LIMIT ${MOST_AT_ONCE}
  ), pass AS MATERIALIZED (${pass}),
  followed AS (
    UPDATE "ChangeOrigin" o SET "numberedThrough" = last.number, "numberedAfter" = last.number - pass."numbered"
    FROM pass CROSS JOIN LATERAL (SELECT pg_sequence_last_value('"global_seq_id"'::regclass) AS number WHERE pass."numbered" > 0) last
    WHERE o."id" IN (SELECT s."id" FROM seen s) AND o."numberedThrough" IS NULL
    RETURNING o."tenancyId", o."traceparent"
  )
  SELECT pass.*, (SELECT COALESCE(jsonb_agg(to_jsonb(f)), '[]') FROM followed f) AS "origins" FROM pass`;
}

/** The origins of a tenancy's numbered changes that no delivery has been told of yet, the oldest first. */
export async function takeOrigins(db: Database, tenancyId: string): Promise<string[]> {
  const rows = await db.query<{ id: bigint; traceparent: string }>(
    `UPDATE "ChangeOrigin" SET "takenUpAt" = now()
     WHERE "tenancyId" = $1 AND "numberedThrough" IS NOT NULL AND "takenUpAt" IS NULL RETURNING "id", "traceparent"`,
    [tenancyId],
  );
  return rows.sort((a, b) => Number(a.id - b.id)).map(({ traceparent }) => traceparent);
}

/** Sequence ids after the first and up to the second. */
export type NumberRange = { readonly after: bigint; readonly through: bigint };

/** The origins of a tenancy's changes in any of these ranges. A pass has one range for all that it numbers. */
export async function originsOf(db: Database, tenancyId: string, ranges: readonly NumberRange[]): Promise<string[]> {
  const rows = await db.query<{ traceparent: string }>(
    `SELECT DISTINCT o."traceparent" FROM "ChangeOrigin" o
     JOIN unnest($2::bigint[], $3::bigint[]) r ("after", "through")
       ON o."numberedThrough" > r."after" AND o."numberedAfter" < r."through"
     WHERE o."tenancyId" = $1 LIMIT ${MOST_AT_ONCE}`,
    [tenancyId, ranges.map(({ after }) => String(after)), ranges.map(({ through }) => String(through))],
  );
  return rows.map(({ traceparent }) => traceparent);
}

/** Forgets origins that are older, in ms. */
export async function pruneOrigins(db: Database, olderThanMs: number): Promise<void> {
  await db.query(`DELETE FROM "ChangeOrigin" WHERE "createdAt" < now() - $1 * interval '1 millisecond'`, [olderThanMs]);
}
