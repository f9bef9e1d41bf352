import { type Database, NOT_DURABLE, type Preparing } from '@hexclave/db';
import { LANE_SQL, type Lane, type LaneCounts } from './lanes.ts';
import type { ClaimedRequest } from './request.ts';

/** A claim is void after this many ms: longer than any delivery may take, so that only the dead are taken over from. */
export const LEASE_MS = 60_000;

/**
 * For claims that the sequencer makes: it may be killed while its statement goes on, which then claims for nobody. Whoever
 * takes one up extends it when the delivery is not over soon.
 */
export const FIRST_LEASE_MS = 5_000;

/** Key of the transaction-level advisory lock under which requests with flow control are claimed. */
const FLOW_LOCK_KEY = '1352394229227';

const FUSE = `fuse AS (
    SELECT m."outgoingRequestsEnabled" AND m."pollerEnabled" AS on, m."syncEngineEnabled" AS sync, ${NOT_DURABLE} AS commit
    FROM "ExternalDbSyncMetadata" m)`;

const LET_THROUGH = `fuse.on AND (fuse.sync OR r."kind" <> 'sync')`;
const WAITING = `r."startedFulfillingAt" IS NULL AND r."failedAt" IS NULL`;

/**
 * Due, and no request of the same key is claimed. An expired claim counts as well: it is taken over first, and this one
 * comes after it.
 */
const DUE = `${WAITING} AND r."notBefore" <= now() AND ${LET_THROUGH} AND NOT EXISTS (SELECT 1 FROM "OutgoingRequest" o
        WHERE o."deduplicationKey" = r."deduplicationKey" AND o."startedFulfillingAt" IS NOT NULL AND o."failedAt" IS NULL)`;

/** An array, since a join would read the whole queue. By id, since a row's place may have changed since the snapshot. */
const CLAIM_CANDIDATES = `UPDATE "OutgoingRequest" r SET "startedFulfillingAt" = now(), "leaseExpiresAt" = now() + $1 * interval '1 millisecond',
    "claimToken" = gen_random_uuid(), "updatedAt" = now()
  WHERE r."id" = ANY (ARRAY(SELECT c."id" FROM candidates c))
  RETURNING r."id", r."kind", r."tenancyId", r."externalDatabaseId", r."method", r."url", r."headers", r."body", r."deduplicationKey",
    r."flowControlKey", r."flowControlParallelism", r."attempts", r."maxAttempts", r."claimToken"`;

function dueInLane(lane: Lane, limit: string): string {
  return `SELECT r."id" FROM "OutgoingRequest" r, fuse
    WHERE ${LANE_SQL} = '${lane}' AND r."flowControlKey" IS NULL AND ${DUE}
    ORDER BY r."notBefore" LIMIT ${limit} FOR UPDATE OF r SKIP LOCKED`;
}

/**
 * Claims requests whose lease has run out and those that are due, and says whether any are waiting that are under flow
 * control. `$1` lease in ms; room in the lanes: `$2` sync, `$3` http, `$4` retry. Two claims of one key at the same
 * moment are possible across processes, and harmless.
 */
const CLAIM = `
  WITH ${FUSE}, stale AS (
    SELECT r."id" FROM "OutgoingRequest" r, fuse
    WHERE r."startedFulfillingAt" IS NOT NULL AND r."failedAt" IS NULL AND r."leaseExpiresAt" <= now() AND ${LET_THROUGH}
    ORDER BY r."leaseExpiresAt" LIMIT $2 FOR UPDATE OF r SKIP LOCKED
  ), sync AS (${dueInLane('sync', '$2 - (SELECT count(*) FROM stale)')}),
  http AS (${dueInLane('http', '$3')}),
  retry AS (${dueInLane('retry', '$4')}),
  candidates AS (
    SELECT "id" FROM stale UNION ALL SELECT "id" FROM sync UNION ALL SELECT "id" FROM http UNION ALL SELECT "id" FROM retry
  ), claimed AS (${CLAIM_CANDIDATES})
  SELECT claimed.*, flow."waiting" AS "flowWaiting" FROM (
    SELECT EXISTS (SELECT 1 FROM "OutgoingRequest" r WHERE ${WAITING} AND r."flowControlKey" IS NOT NULL) AS "waiting"
  ) flow LEFT JOIN claimed ON true`;

/**
 * Claims requests under flow control: of each key no more than are allowed to be under way, the oldest first. Runs under
 * {@link FLOW_LOCK_KEY}, taken by the statement before, or two processes would each count without the other's claims.
 * `$1` lease in ms, `$2` room in the lane.
 */
const CLAIM_FLOW = `
  WITH RECURSIVE ${FUSE}, keys (key) AS (
    (${nextFlowKey('')})
    UNION ALL
    SELECT (${nextFlowKey('AND r."flowControlKey" > keys.key')}) FROM keys WHERE keys.key IS NOT NULL
  ), ranked AS (
    SELECT w.*, row_number() OVER (PARTITION BY keys.key ORDER BY w."notBefore", w."id") + (
      SELECT count(*) FROM "OutgoingRequest" o
      WHERE o."flowControlKey" = keys.key AND o."startedFulfillingAt" IS NOT NULL AND o."failedAt" IS NULL) AS place
    FROM keys CROSS JOIN LATERAL (
      SELECT r."id", r."notBefore", r."flowControlParallelism" FROM "OutgoingRequest" r, fuse
      WHERE r."flowControlKey" = keys.key AND ${DUE} ORDER BY r."notBefore" LIMIT $2) w
    WHERE keys.key IS NOT NULL
  ), candidates AS (
    SELECT r."id" FROM "OutgoingRequest" r
    WHERE r."id" = ANY (ARRAY(
        SELECT x."id" FROM ranked x WHERE x.place <= COALESCE(x."flowControlParallelism", 1) ORDER BY x."notBefore" LIMIT $2))
      AND ${WAITING} FOR UPDATE SKIP LOCKED
  ) ${CLAIM_CANDIDATES}`;

function nextFlowKey(after: string): string {
  return `SELECT r."flowControlKey" FROM "OutgoingRequest" r WHERE ${WAITING} AND r."flowControlKey" IS NOT NULL ${after}
      ORDER BY r."flowControlKey" LIMIT 1`;
}

type ClaimRow = { readonly [Field in keyof ClaimedRequest]: ClaimedRequest[Field] | null } & { flowWaiting: boolean };

/** What was claimed, and whether requests under flow control are waiting: those {@link claimUnderFlowControl} claims. */
export type Claimed = { readonly requests: readonly ClaimedRequest[]; readonly flowWaiting: boolean };

/** Claims what there is room for in the lanes without flow control. Left out is what the fuses hold back. */
export async function claimRequests(db: Pick<Preparing, 'queryPrepared'>, room: LaneCounts): Promise<Claimed> {
  const rows = await db.queryPrepared<ClaimRow>(CLAIM, [LEASE_MS, room.sync, room.http, room.retry]);
  const claimed = rows.filter((row): row is ClaimRow & ClaimedRequest => row.id !== null);
  const requests = claimed.map(({ flowWaiting: _, ...request }) => ({ ...request, leaseMs: LEASE_MS }));
  return { requests, flowWaiting: rows[0]?.flowWaiting === true };
}

export async function claimUnderFlowControl(db: Database, limit: number): Promise<ClaimedRequest[]> {
  const rows = await db.transaction(
    async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [FLOW_LOCK_KEY]);
      return tx.query<Omit<ClaimedRequest, 'leaseMs'>>(CLAIM_FLOW, [LEASE_MS, limit]);
    },
    { durable: false },
  );
  return rows.map((row) => ({ ...row, leaseMs: LEASE_MS }));
}
