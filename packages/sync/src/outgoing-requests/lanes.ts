import type { ClaimedRequest } from './request.ts';

/**
 * Requests are delivered in lanes, each with a number of deliveries at once of its own: what hangs or keeps failing
 * fills its own lane and leaves the others theirs.
 */
export type Lane = 'sync' | 'http' | 'retry' | 'flow';

/** How many requests of each lane. */
export type LaneCounts = Readonly<Record<Lane, number>>;

/** The lane of a waiting request that is under no flow control; the index "OutgoingRequest_lane_idx" has it. */
export const LANE_SQL = `(CASE WHEN "attempts" > 0 OR "externalDatabaseId" IS NOT NULL THEN 'retry' ELSE "kind" END)`;

/** A sync of one external database alone is always a retry: the engine queues it for one that failed. */
export function laneOf(request: ClaimedRequest): Lane {
  if (request.flowControlKey !== null) return 'flow';
  return request.attempts > 0 || request.externalDatabaseId !== null ? 'retry' : request.kind;
}

/** How many deliveries of each lane a process has under way at once, at most. */
export function laneCapacities(concurrency: number): LaneCounts {
  return {
    sync: concurrency,
    http: Math.ceil(concurrency / 2),
    retry: Math.ceil(concurrency / 4),
    flow: Math.ceil(concurrency / 2),
  };
}
