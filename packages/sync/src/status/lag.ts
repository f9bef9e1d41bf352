import type { Database, Queryable } from '@hexclave/db';
import type { BacklogSql } from '../compile/backlog.ts';
import {
  type Attention,
  type AttentionCounts,
  attentionValues,
  COUNTS,
  countsOf,
  rankOf,
  readUnnumbered,
  type Unnumbered,
  WITH_ATTENTION,
} from './attention.ts';
import { isLookedForSql } from './search.ts';

/**
 * A tenancy that is not fresh and lacks a change that was made. Numbers are given out in the order of time: the smaller
 * `oldest` is, the longer it has waited.
 */
export type Lagging = { readonly tenancyId: string; readonly oldest: bigint };

/** Past all numbers: what has none yet was written after all that has one. */
const WITHOUT_NUMBER = 1n << 62n;

/**
 * Brings "TenancyLag" up to date. Two steps into indexes for each table of each project that is not fresh: half a second when
 * ten thousand are not, which is no answer's time but fine once in ten. What stands still is not written again. Of a first
 * copy nobody knows since when it lacks something. OFFSET keeps the planner from beginning with all tables of all projects.
 */
function refreshSql({ firstPast }: BacklogSql): string {
  return `${WITH_ATTENTION}, waiting AS (
    SELECT a."tenancyId", w.oldest FROM attention a CROSS JOIN LATERAL (
      SELECT ${firstPast} AS oldest FROM "ExternalDatabaseMappingState" m
      JOIN "ExternalDatabase" d ON d."tenancyId" = m."tenancyId" AND d."id" = m."externalDatabaseId"
      WHERE m."tenancyId" = a."tenancyId" AND m."phase" = 'stream' AND (d."tables" -> m."mapping" ->> 'enabled') IS DISTINCT FROM 'false'
      OFFSET 0) w
    UNION ALL
    SELECT u.tenancy, ${WITHOUT_NUMBER} + (EXTRACT(epoch FROM u.since) * 1000)::bigint
    FROM unnest($2::uuid[], $3::timestamptz[]) u (tenancy, since)
  ), lagging AS MATERIALIZED (
    SELECT w."tenancyId", min(w.oldest) AS oldest FROM waiting w WHERE w.oldest IS NOT NULL GROUP BY 1
  ), gone AS (
    DELETE FROM "TenancyLag" k WHERE (k."tenancyId" IN (SELECT l."tenancyId" FROM lagging l)) IS NOT TRUE
  )
  INSERT INTO "TenancyLag" AS k ("tenancyId", "oldest") SELECT l."tenancyId", l.oldest FROM lagging l
  ON CONFLICT ("tenancyId") DO UPDATE SET "oldest" = excluded."oldest" WHERE k."oldest" <> excluded."oldest"`;
}

/** For whoever takes the samples, and nobody else at the same time. */
export async function refreshLags(tx: Queryable, sql: BacklogSql): Promise<void> {
  await tx.query(refreshSql(sql), attentionValues(await readUnnumbered(tx, sql)));
}

/** A server that is newer than the schema has nothing to write them into. */
export async function canKeepLags(db: Database): Promise<boolean> {
  const [row] = await db.query<{ isThere: boolean }>(`SELECT to_regclass('"TenancyLag"') IS NOT NULL AS "isThere"`);
  return row?.isThere === true;
}

/** Which are wanted: so many, of a state, past one, and with part of a name or id. */
export type LagRequest = {
  readonly limit: number;
  readonly order: 'longest first' | 'shortest first';
  readonly state?: Attention['state'] | undefined;
  readonly after?: Lagging | undefined;
  readonly search?: string | undefined;
};

/** `$4` limit, `$5` rank, `$6` and `$7` the place past which they are, `$8` search. The counts come even without any of them. */
function laggingSql(order: LagRequest['order']): string {
  const [past, direction] = order === 'longest first' ? ['>', 'ASC'] : ['<', 'DESC'];
  return `${WITH_ATTENTION}
  SELECT c.counts, l.* FROM ${COUNTS} c LEFT JOIN LATERAL (
    SELECT k."tenancyId", k."oldest" FROM "TenancyLag" k
    WHERE (k."tenancyId" IN (SELECT a."tenancyId" FROM attention a WHERE $5::integer IS NULL OR a.rank = $5)) IS TRUE
      AND ($6::bigint IS NULL OR (k."oldest", k."tenancyId") ${past} ($6, $7::uuid))
      AND ${isLookedForSql('k."tenancyId"', '$8::text')}
    ORDER BY k."oldest" ${direction}, k."tenancyId" ${direction} LIMIT $4
  ) l ON true ORDER BY l."oldest" ${direction}, l."tenancyId" ${direction}`;
}

type LaggingRow = { counts: Record<string, number> | null } & (Lagging | { tenancyId: null });

/** How many tenancies are not fresh, and the first of those that wait for a change, by how old it is. */
export async function readLagging(
  tx: Queryable,
  unnumbered: Unnumbered,
  { limit, order, state, after, search }: LagRequest,
): Promise<{ counts: AttentionCounts; first: Lagging[] }> {
  const rank = state === undefined ? null : rankOf(state);
  const place = after === undefined ? [null, null] : [String(after.oldest), after.tenancyId];
  const rows = await tx.query<LaggingRow>(laggingSql(order), [
    ...attentionValues(unnumbered),
    ...[limit, rank, ...place, search ?? null],
  ]);
  const first = rows.flatMap((row) => (row.tenancyId === null ? [] : { tenancyId: row.tenancyId, oldest: row.oldest }));
  return { counts: countsOf(rows[0]?.counts), first };
}

/** A condition, for statements that begin with {@link WITH_ATTENTION}: whether a tenancy is none of those. */
export function isNotLaggingSql(tenancy: string): string {
  return `((${tenancy} IN (SELECT a."tenancyId" FROM attention a)) IS TRUE
    AND EXISTS (SELECT FROM "TenancyLag" k WHERE k."tenancyId" = ${tenancy})) IS NOT TRUE`;
}
