import { setMaxListeners } from 'node:events';
import { type Lane, type LaneCounts, laneOf } from '../outgoing-requests/lanes.ts';
import type { ClaimedRequest } from '../outgoing-requests/request.ts';
import { type DeliverOptions, deliverOne } from './deliver.ts';
import { createUnderWay } from './under-way.ts';

export type DeliveriesOptions = DeliverOptions & {
  /** Syncs under way at once in this process, slow ones and retries not counted. Default 32. */
  readonly concurrency?: number;
};

/** What a process delivers, whoever claimed it. */
export type Deliveries = {
  /** How many more requests of each lane should be claimed now. */
  room(): LaneCounts;
  /** Begins to deliver a claimed request, and says in which lane. */
  start(request: ClaimedRequest): Lane;
  /** How many are under way. */
  readonly size: number;
  /** Resolves when nothing is under way any more. */
  finished(): Promise<void>;
};

const DEFAULT_CONCURRENCY = 32;
/** So that several processes share a burst. */
const CLAIM_AT_ONCE = 16;

/** `onMore`: there may be requests to claim that could not be claimed before. `stop` breaks off what is under way. */
export function createDeliveries(options: DeliveriesOptions, onMore: () => void, stop: AbortSignal): Deliveries {
  // One for each delivery under way.
  setMaxListeners(0, stop);
  const underWay = createUnderWay(options.concurrency ?? DEFAULT_CONCURRENCY, onMore);
  return {
    room: () => {
      const room = underWay.room();
      // Never below zero: requests that are taken over may overfill a lane.
      const limited = (lane: Lane) => Math.max(0, Math.min(room[lane], CLAIM_AT_ONCE));
      return { sync: limited('sync'), http: limited('http'), retry: limited('retry'), flow: limited('flow') };
    },
    start: (request) => {
      const lane = laneOf(request);
      underWay.add(lane, deliverOne(options, request, stop));
      return lane;
    },
    get size() {
      return underWay.size;
    },
    finished: () => underWay.all(),
  };
}
