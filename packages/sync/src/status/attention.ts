import type { Queryable } from '@hexclave/db';
import type { BacklogSql } from '../compile/backlog.ts';
import { LANE_SQL } from '../outgoing-requests/lanes.ts';
import { FRESH_WITHIN_MS, type SyncState } from './judge.ts';
import { isLookedForSql } from './search.ts';
import { xidBefore } from './xid.ts';

/** A tenancy that is not simply fresh. */
export type Attention = {
  readonly tenancyId: string;
  readonly state: Exclude<SyncState, 'fresh'>;
  /** Since when, to the millisecond, where that is known. */
  readonly since: Date | null;
};

export type AttentionCounts = Readonly<Record<Attention['state'], number>>;

/** Tenancies whose changes have waited for their number for too long, and since when. */
export type Unnumbered = { readonly tenancyIds: readonly string[]; readonly since: readonly Date[] };

/** Of each table, so many tenancies whose changes have no number are looked at: more only wait while the sequencer is off. */
const MOST_PENDING = 1_000;

/** Changes that have no number since before the sample that is late. `$1` tenancies, `$2` how many transactions ago, `$3` ms. */
const PENDING_LATE = `
  SELECT u.tenancy AS "tenancyId", p."at" AS since
  FROM unnest($1::uuid[], $2::bigint[]) u (tenancy, xids)
  CROSS JOIN LATERAL (SELECT s."at" FROM "PipelineSample" s
    WHERE s."nextXid" <= ${xidBefore('u.xids')} ORDER BY s."at" DESC LIMIT 1) p
  WHERE EXISTS (SELECT 1 FROM "PipelineSample" s WHERE s."at" > p."at" AND s."at" < now() - $3 * interval '1 millisecond')
    AND EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = u.tenancy AND NOT d."paused")`;

export async function readUnnumbered(tx: Queryable, sql: BacklogSql): Promise<Unnumbered> {
  const pending = await tx.query<{ tenancyId: string; xids: bigint | null }>(sql.pendingTenancies, [MOST_PENDING]);
  if (pending.length === 0) return { tenancyIds: [], since: [] };
  const ids = pending.map(({ tenancyId }) => tenancyId);
  const xids = pending.map((row) => String(row.xids ?? 0n));
  const late = await tx.query<{ tenancyId: string; since: Date }>(PENDING_LATE, [ids, xids, FRESH_WITHIN_MS]);
  return { tenancyIds: late.map(({ tenancyId }) => tenancyId), since: late.map(({ since }) => since) };
}

/** Which come first. */
const STATES: readonly Attention['state'][] = ['failing', 'behind', 'paused'];

export function rankOf(state: Attention['state']): number {
  return STATES.indexOf(state);
}

const [FAILING, BEHIND, PAUSED] = [rankOf('failing'), rankOf('behind'), rankOf('paused')];

/**
 * The beginning of a statement: `attention` ("tenancyId", rank, since) has what is troubled, late or paused, by indexes that
 * have nothing else in them. It costs nothing that 10,000 others are well; and when all are in trouble they are put together
 * here, and only those that are asked for leave the database. `$1` to `$3`: {@link attentionValues}.
 */
export const WITH_ATTENTION = `
  WITH troubled AS (
    SELECT s."tenancyId", s."externalDatabaseId", true AS failing, false AS paused, s."failingSince" AS since
    FROM "ExternalDatabaseState" s WHERE s."errorCode" IS NOT NULL
    UNION ALL
    SELECT m."tenancyId", m."externalDatabaseId", m."errorCode" IS NOT NULL OR m."parkedRows" > 0, false, m."failingSince"
    FROM "ExternalDatabaseMappingState" m WHERE m."errorCode" IS NOT NULL OR m."parkedRows" > 0 OR m."phase" = 'copy'
    UNION ALL
    SELECT d."tenancyId", d."id", false, true, NULL FROM "ExternalDatabase" d WHERE d."paused"
  ), states AS (
    SELECT t."tenancyId", CASE WHEN bool_or(t.paused) THEN ${PAUSED} WHEN bool_or(t.failing) THEN ${FAILING} ELSE ${BEHIND} END AS rank,
      CASE WHEN NOT bool_or(t.paused) THEN min(t.since) FILTER (WHERE t.failing) END AS since
    FROM troubled t GROUP BY t."tenancyId", t."externalDatabaseId"
    UNION ALL
    SELECT r."tenancyId", ${BEHIND}, r."createdAt" FROM "OutgoingRequest" r
    WHERE ${LANE_SQL} = 'sync' AND r."startedFulfillingAt" IS NULL AND r."failedAt" IS NULL AND r."flowControlKey" IS NULL
      AND r."createdAt" < now() - $1 * interval '1 millisecond'
    UNION ALL
    SELECT r."tenancyId", ${BEHIND}, r."createdAt" FROM "OutgoingRequest" r
    WHERE r."startedFulfillingAt" IS NOT NULL AND r."failedAt" IS NULL AND r."kind" = 'sync' AND r."externalDatabaseId" IS NULL
      AND r."createdAt" < now() - $1 * interval '1 millisecond'
    UNION ALL
    SELECT u.tenancy, ${BEHIND}, u.since FROM unnest($2::uuid[], $3::timestamptz[]) u (tenancy, since)
  ), attention AS MATERIALIZED (
    SELECT s."tenancyId", min(s.rank) AS rank, date_trunc('milliseconds', COALESCE(
      min(s.since) FILTER (WHERE s.rank = ${FAILING}), min(s.since) FILTER (WHERE s.rank = ${BEHIND}))) AS since
    FROM states s GROUP BY s."tenancyId"
  )`;

export function attentionValues({ tenancyIds, since }: Unnumbered): unknown[] {
  return [FRESH_WITHIN_MS, tenancyIds, since];
}

/** Which are wanted: so many, of a state, past one, and with part of a name or id. */
export type AttentionRequest = {
  readonly limit: number;
  readonly state?: Attention['state'] | undefined;
  readonly after?: Attention | undefined;
  readonly search?: string | undefined;
};

/** One row, whatever there is: how many of each rank there are in `attention`, for {@link countsOf}. */
export const COUNTS =
  '(SELECT jsonb_object_agg(g.rank, g.tenancies) AS counts FROM (SELECT a.rank, count(*) AS tenancies FROM attention a GROUP BY 1) g)';

export function countsOf(counts: Readonly<Record<string, number>> | null | undefined): AttentionCounts {
  return { failing: counts?.[FAILING] ?? 0, behind: counts?.[BEHIND] ?? 0, paused: counts?.[PAUSED] ?? 0 };
}

/** `$4` limit, `$5` rank, `$6` to `$8` the place past which they are, `$9` search. The counts come even without any of them. */
const ATTENTION = `${WITH_ATTENTION}
  SELECT c.counts, a."tenancyId", (ARRAY[${STATES.map((state) => `'${state}'`)}])[a.rank + 1] AS state, a.since
  FROM ${COUNTS} c LEFT JOIN LATERAL (
    SELECT a.* FROM attention a
    WHERE ($5::integer IS NULL OR a.rank = $5)
      AND ($6::integer IS NULL OR (a.rank, COALESCE(a.since, 'infinity'), a."tenancyId") > ($6, COALESCE($7::timestamptz, 'infinity'), $8::uuid))
      AND ${isLookedForSql('a."tenancyId"', '$9::text')}
    ORDER BY a.rank, a.since NULLS LAST, a."tenancyId" LIMIT $4
  ) a ON true
  ORDER BY a.rank, a.since NULLS LAST, a."tenancyId"`;

type AttentionRow = {
  counts: Record<string, number> | null;
  tenancyId: string | null;
  state: Attention['state'];
  since: Date | null;
};

/** How many tenancies are not fresh, and the first of them: the failing ones, the longest first, then those behind, then the paused. */
export async function readAttention(
  tx: Queryable,
  unnumbered: Unnumbered,
  { limit, state, after, search }: AttentionRequest,
): Promise<{ counts: AttentionCounts; first: Attention[] }> {
  const place = after === undefined ? [null, null, null] : [rankOf(after.state), after.since, after.tenancyId];
  const rows = await tx.query<AttentionRow>(ATTENTION, [
    ...attentionValues(unnumbered),
    ...[limit, state === undefined ? null : rankOf(state), ...place, search ?? null],
  ]);
  return {
    counts: countsOf(rows[0]?.counts),
    first: rows.flatMap(({ tenancyId, state, since }) => (tenancyId === null ? [] : [{ tenancyId, state, since }])),
  };
}

/** How many tenancies and external databases there are. */
export async function countTenancies(tx: Queryable): Promise<{ tenancies: number; databases: number }> {
  const [row] = await tx.query<{ tenancies: bigint; databases: bigint }>(
    'SELECT count(DISTINCT d."tenancyId") AS tenancies, count(*) AS databases FROM "ExternalDatabase" d',
  );
  return { tenancies: Number(row?.tenancies ?? 0), databases: Number(row?.databases ?? 0) };
}
