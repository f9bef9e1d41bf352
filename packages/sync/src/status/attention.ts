import type { Queryable } from '@hexclave/db';
import type { BacklogSql } from '../compile/backlog.ts';
import { LANE_SQL } from '../outgoing-requests/lanes.ts';
import { FRESH_WITHIN_MS, type SyncState } from './judge.ts';

/** A tenancy that is not simply fresh. */
export type Attention = {
  readonly tenancyId: string;
  readonly state: Exclude<SyncState, 'fresh'>;
  /** Since when, where that is known. */
  readonly since: Date | null;
};

/** Of each table, so many tenancies whose changes have no number are looked at: more only wait while the sequencer is off. */
const MOST_PENDING = 1_000;

/**
 * What is troubled, late or paused, by indexes that have nothing else in them: it costs nothing that 10,000 others are well.
 * `$1` ms after which a change is late.
 */
const ATTENTION = `
  WITH late AS (SELECT now() - $1 * interval '1 millisecond' AS "before"),
  found AS (
    SELECT s."tenancyId", s."externalDatabaseId", 'failing' AS state, s."failingSince" AS since
    FROM "ExternalDatabaseState" s WHERE s."errorCode" IS NOT NULL
    UNION ALL
    SELECT m."tenancyId", m."externalDatabaseId",
      CASE WHEN m."errorCode" IS NOT NULL OR m."parkedRows" > 0 THEN 'failing' ELSE 'behind' END, m."failingSince"
    FROM "ExternalDatabaseMappingState" m WHERE m."errorCode" IS NOT NULL OR m."parkedRows" > 0 OR m."phase" = 'copy'
  )
  SELECT f."tenancyId", f.state, f.since FROM found f
  WHERE NOT EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = f."tenancyId" AND d."id" = f."externalDatabaseId" AND d."paused")
  UNION ALL
  SELECT d."tenancyId", 'paused', NULL FROM "ExternalDatabase" d WHERE d."paused"
  UNION ALL
  SELECT r."tenancyId", 'behind', r."createdAt" FROM "OutgoingRequest" r, late
  WHERE ${LANE_SQL} = 'sync' AND r."startedFulfillingAt" IS NULL AND r."failedAt" IS NULL AND r."flowControlKey" IS NULL
    AND r."createdAt" < late."before"
  UNION ALL
  SELECT r."tenancyId", 'behind', r."createdAt" FROM "OutgoingRequest" r, late
  WHERE r."startedFulfillingAt" IS NOT NULL AND r."failedAt" IS NULL AND r."kind" = 'sync' AND r."externalDatabaseId" IS NULL
    AND r."createdAt" < late."before"`;

/** Changes that have no number since before the sample that is late. `$1` tenancies, `$2` how many transactions ago, `$3` ms. */
const PENDING_LATE = `
  SELECT u.tenancy AS "tenancyId", 'behind' AS state, p."at" AS since
  FROM unnest($1::uuid[], $2::bigint[]) u (tenancy, xids)
  CROSS JOIN LATERAL (SELECT s."at" FROM "PipelineSample" s
    WHERE s."nextXid" <= pg_snapshot_xmax(pg_current_snapshot())::text::bigint - u.xids ORDER BY s."at" DESC LIMIT 1) p
  WHERE EXISTS (SELECT 1 FROM "PipelineSample" s WHERE s."at" > p."at" AND s."at" < now() - $3 * interval '1 millisecond')
    AND EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = u.tenancy AND NOT d."paused")`;

/** Which come first. */
const RANK: Readonly<Record<Attention['state'], number>> = { failing: 0, behind: 1, paused: 2 };

/** All tenancies that are not fresh: the failing ones, the longest first, then those behind, then the paused. */
export async function readAttention(tx: Queryable, sql: BacklogSql): Promise<Attention[]> {
  const found = await tx.query<Attention>(ATTENTION, [FRESH_WITHIN_MS]);
  const pending = await tx.query<{ tenancyId: string; xids: bigint | null }>(sql.pendingTenancies, [MOST_PENDING]);
  if (pending.length > 0) {
    const ids = pending.map(({ tenancyId }) => tenancyId);
    const xids = pending.map((row) => String(row.xids ?? 0n));
    found.push(...(await tx.query<Attention>(PENDING_LATE, [ids, xids, FRESH_WITHIN_MS])));
  }
  return [...worstByTenancy(found).values()].sort(compareAttention);
}

function worstByTenancy(found: readonly Attention[]): Map<string, Attention> {
  const worst = new Map<string, Attention>();
  for (const each of found) {
    const known = worst.get(each.tenancyId);
    if (known === undefined || compareAttention(each, known) < 0) worst.set(each.tenancyId, each);
  }
  return worst;
}

/** The order of the list; total, so that pages neither repeat nor leave out. */
export function compareAttention(a: Attention, b: Attention): number {
  const time = ({ since }: Attention) => since?.getTime() ?? Number.MAX_SAFE_INTEGER;
  return (
    RANK[a.state] - RANK[b.state] ||
    time(a) - time(b) ||
    (a.tenancyId < b.tenancyId ? -1 : Number(a.tenancyId > b.tenancyId))
  );
}

/** How many tenancies and external databases there are. */
export async function countTenancies(tx: Queryable): Promise<{ tenancies: number; databases: number }> {
  const [row] = await tx.query<{ tenancies: bigint; databases: bigint }>(
    'SELECT count(DISTINCT d."tenancyId") AS tenancies, count(*) AS databases FROM "ExternalDatabase" d',
  );
  return { tenancies: Number(row?.tenancies ?? 0), databases: Number(row?.databases ?? 0) };
}
