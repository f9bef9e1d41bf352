import type { Queryable } from '@hexclave/db';
import { LANE_SQL } from '../outgoing-requests/lanes.ts';
import { earliest } from './judge.ts';

/** The queue as a whole. Counts stop at the limit that was given. */
export type QueueStatus = {
  readonly waiting: number;
  readonly due: number;
  readonly inFlight: number;
  readonly stale: number;
  readonly retrying: number;
  readonly givenUp: number;
  readonly oldestDueAt: Date | null;
  readonly nextAttemptAt: Date | null;
};

const WAITING = `"startedFulfillingAt" IS NULL AND "failedAt" IS NULL`;
const CLAIMED = `"startedFulfillingAt" IS NOT NULL AND "failedAt" IS NULL`;

/** Each lane from its own part of the index, in the order in which it is due. */
function laneSql(lane: string): string {
  const inLane = `${LANE_SQL} = '${lane}' AND "flowControlKey" IS NULL AND ${WAITING}`;
  return `SELECT '${lane}' AS lane, count(*) AS waiting, count(*) FILTER (WHERE w."notBefore" <= now()) AS due,
    min(w."notBefore") FILTER (WHERE w."notBefore" <= now()) AS oldest, min(w."notBefore") FILTER (WHERE w."notBefore" > now()) AS next
  FROM (SELECT "notBefore" FROM "OutgoingRequest" WHERE ${inLane} ORDER BY "notBefore" LIMIT $1) w`;
}

const LANES = `${['sync', 'http', 'retry'].map(laneSql).join('\nUNION ALL\n')}
UNION ALL
SELECT 'flow', count(*), count(*) FILTER (WHERE w."notBefore" <= now()), min(w."notBefore") FILTER (WHERE w."notBefore" <= now()),
  min(w."notBefore") FILTER (WHERE w."notBefore" > now())
FROM (SELECT "notBefore" FROM "OutgoingRequest" WHERE "flowControlKey" IS NOT NULL AND ${WAITING} LIMIT $1) w`;

const OTHERS = `SELECT
  (SELECT count(*) FROM (SELECT FROM "OutgoingRequest" WHERE ${CLAIMED} LIMIT $1) c) AS "inFlight",
  (SELECT count(*) FROM (SELECT FROM "OutgoingRequest" WHERE ${CLAIMED} AND "leaseExpiresAt" <= now() LIMIT $1) c) AS stale,
  (SELECT count(*) FROM (SELECT FROM "OutgoingRequest" WHERE "failedAt" IS NOT NULL LIMIT $1) c) AS "givenUp"`;

type LaneRow = { lane: string; waiting: bigint; due: bigint; oldest: Date | null; next: Date | null };

export async function readQueue(tx: Queryable, limit: number): Promise<QueueStatus> {
  const lanes = await tx.query<LaneRow>(LANES, [limit]);
  const [others] = await tx.query<{ inFlight: bigint; stale: bigint; givenUp: bigint }>(OTHERS, [limit]);
  const sum = (count: (lane: LaneRow) => bigint) =>
    Math.min(
      limit,
      lanes.reduce((total, lane) => total + Number(count(lane)), 0),
    );
  const first = (time: (lane: LaneRow) => Date | null) => earliest(lanes.map(time));
  return {
    waiting: sum(({ waiting }) => waiting),
    due: sum(({ due }) => due),
    inFlight: Number(others?.inFlight ?? 0),
    stale: Number(others?.stale ?? 0),
    retrying: Number(lanes.find(({ lane }) => lane === 'retry')?.waiting ?? 0),
    givenUp: Number(others?.givenUp ?? 0),
    oldestDueAt: first(({ oldest }) => oldest),
    nextAttemptAt: first(({ next }) => next),
  };
}
