import type { ProfiledStatement } from '@hexclave/config';
import { errorCode, type Queryable } from '@hexclave/db';
import type { Earlier } from './compare.ts';
import type { StatementProfile } from './profile.ts';

/** So many runs of each statement are kept, and none for longer. */
export const KEPT_RUNS = 50;
export const KEPT_DAYS = 90;

/** So many earlier runs make what is usual. */
const USUAL_OF = 5;

/** One mapping of one external database. */
export type Profiled = { readonly tenancyId: string; readonly externalDatabaseId: string; readonly mapping: string };

/** One statement of one run, as it is kept. */
export type KeptProfile = {
  readonly runId: string;
  readonly mapping: string;
  readonly at: Date;
  readonly profile: StatementProfile;
};

/** What was measured before, the newest first. */
export async function readEarlier(db: Queryable, of: Profiled, statement: ProfiledStatement): Promise<Earlier[]> {
  const rows = await db.query<{ profile: StatementProfile }>(
    `SELECT "profile" FROM "QueryProfile" WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND "mapping" = $3
       AND "statement" = $4 AND "outcome" = 'measured' ORDER BY "at" DESC LIMIT ${USUAL_OF}`,
    [of.tenancyId, of.externalDatabaseId, of.mapping, statement],
  );
  return rows.flatMap(({ profile: { outcome } }) => (outcome.kind === 'measured' ? [outcome] : []));
}

/** All statements of a run have one time. */
const INSERT = `WITH run AS MATERIALIZED (SELECT clock_timestamp() AS at)
  INSERT INTO "QueryProfile" ("runId", "tenancyId", "externalDatabaseId", "mapping", "statement", "at", "outcome", "profile")
  SELECT $1, $2, $3, $4, p ->> 'statement', r.at, p -> 'outcome' ->> 'kind', p FROM run r, jsonb_array_elements($5::jsonb) p RETURNING "at"`;

const PRUNE = `DELETE FROM "QueryProfile" WHERE "id" IN (
    SELECT r."id" FROM (SELECT q."id", q."at", row_number() OVER (PARTITION BY q."statement" ORDER BY q."at" DESC) AS place FROM "QueryProfile" q
      WHERE q."tenancyId" = $1 AND q."externalDatabaseId" = $2 AND q."mapping" = $3) r
    WHERE r.place > ${KEPT_RUNS} OR r."at" < now() - interval '${KEPT_DAYS} days')`;

const FOREIGN_KEY_VIOLATION = '23503';

/** Keeps a run, and lets go of what is too old. Returns when that was; `null`: the external database was removed meanwhile. */
export async function saveProfiles(
  db: Queryable,
  of: Profiled,
  runId: string,
  statements: readonly StatementProfile[],
): Promise<Date | null> {
  const { tenancyId, externalDatabaseId, mapping } = of;
  try {
    const values = [runId, tenancyId, externalDatabaseId, mapping, JSON.stringify(statements)];
    const [first] = await db.query<{ at: Date }>(INSERT, values);
    await db.query(PRUNE, [tenancyId, externalDatabaseId, mapping]);
    return first?.at ?? null;
  } catch (error) {
    if (errorCode(error) === FOREIGN_KEY_VIOLATION) return null;
    throw error;
  }
}

/** The last `runs` runs of each statement of an external database, or of one mapping of it, the oldest first. */
export function listProfiles(
  db: Queryable,
  of: Omit<Profiled, 'mapping'> & { readonly mapping?: string | undefined },
  runs: number,
): Promise<KeptProfile[]> {
  return db.query<KeptProfile>(
    `SELECT r."runId", r."mapping", r."at", r."profile" FROM (
       SELECT q.*, row_number() OVER (PARTITION BY q."mapping", q."statement" ORDER BY q."at" DESC) AS place FROM "QueryProfile" q
       WHERE q."tenancyId" = $1 AND q."externalDatabaseId" = $2 AND ($3::text IS NULL OR q."mapping" = $3)) r
     WHERE r.place <= $4 ORDER BY r."at", r."id"`,
    [of.tenancyId, of.externalDatabaseId, of.mapping ?? null, runs],
  );
}
