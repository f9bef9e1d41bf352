import type { Queryable } from '@hexclave/db';

/** What is wrong in an installation, in figures: for alerts, which need no names. */
export type Troubles = {
  /** External databases that fail, wholly or in a table, by code. Paused ones are left out, here and below. */
  readonly failing: ReadonlyMap<string, number>;
  readonly longestFailingMs: number;
  readonly paused: number;
  readonly parkedRows: number;
};

/** By the indexes of what needs attention. One code counts for each external database: that of the whole, or of its first table. */
const TROUBLES = `
  WITH failing AS (
    SELECT DISTINCT ON (f."tenancyId", f."externalDatabaseId") f."errorCode", min(f."failingSince") OVER () AS since FROM (
      SELECT s."tenancyId", s."externalDatabaseId", '' AS mapping, s."errorCode", s."failingSince" FROM "ExternalDatabaseState" s
      WHERE s."errorCode" IS NOT NULL
      UNION ALL
      SELECT m."tenancyId", m."externalDatabaseId", m."mapping", m."errorCode", m."failingSince" FROM "ExternalDatabaseMappingState" m
      WHERE m."errorCode" IS NOT NULL) f
    WHERE NOT EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = f."tenancyId" AND d."id" = f."externalDatabaseId" AND d."paused")
    ORDER BY f."tenancyId", f."externalDatabaseId", f.mapping)
  SELECT (SELECT jsonb_object_agg(c."errorCode", c.databases) FROM (SELECT f."errorCode", count(*) AS databases FROM failing f GROUP BY 1) c) AS failing,
    COALESCE(EXTRACT(epoch FROM now() - (SELECT min(f.since) FROM failing f)) * 1000, 0)::float8 AS "longestFailingMs",
    (SELECT count(*) FROM "ExternalDatabase" d WHERE d."paused") AS paused,
    (SELECT COALESCE(sum(m."parkedRows"), 0)::bigint FROM "ExternalDatabaseMappingState" m WHERE m."parkedRows" > 0) AS parked`;

type TroublesRow = {
  failing: Record<string, number> | null;
  longestFailingMs: number;
  paused: bigint;
  parked: bigint;
};

export async function readTroubles(tx: Queryable): Promise<Troubles> {
  const [row] = await tx.query<TroublesRow>(TROUBLES);
  return {
    failing: new Map(Object.entries(row?.failing ?? {})),
    longestFailingMs: row?.longestFailingMs ?? 0,
    paused: Number(row?.paused ?? 0),
    parkedRows: Number(row?.parked ?? 0),
  };
}

/** What verifications say of all external databases together. */
export type VerificationTotals = {
  /** The oldest; of one that was never verified, since it was added. 0: there is none, or all are paused or fail. */
  readonly oldestAgeMs: number;
  readonly differingRows: number;
  readonly repairedRows: number;
  /** Kept keys of deleted rows, by the statistics of the database. */
  readonly tombstones: number;
};

/** Goes over all external databases: for once a minute, not for once a second. */
const VERIFICATION = `
  SELECT COALESCE((SELECT EXTRACT(epoch FROM now() - min(COALESCE(s."verifiedThrough", d."createdAt"))) * 1000
      FROM "ExternalDatabase" d LEFT JOIN "ExternalDatabaseState" s ON s."tenancyId" = d."tenancyId" AND s."externalDatabaseId" = d."id"
      WHERE NOT d."paused" AND s."errorCode" IS NULL), 0)::float8 AS "oldestAgeMs",
    v.*, pg_stat_get_live_tuples('"DeletedRow"'::regclass)::float8 AS tombstones
  FROM (SELECT COALESCE(sum(m."differingRows"), 0)::float8 AS "differingRows", COALESCE(sum(m."repairedRows"), 0)::float8 AS "repairedRows"
    FROM "ExternalDatabaseMappingState" m) v`;

export async function readVerificationTotals(db: Queryable): Promise<VerificationTotals> {
  const [row] = await db.query<VerificationTotals>(VERIFICATION);
  return row ?? { oldestAgeMs: 0, differingRows: 0, repairedRows: 0, tombstones: 0 };
}
