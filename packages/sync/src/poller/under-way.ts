import { type Lane, type LaneCounts, laneCapacities } from '../outgoing-requests/lanes.ts';

/** The deliveries that a process has under way. */
export type UnderWay = {
  /** How many more each lane takes now; negative if it is overfull. */
  room(): LaneCounts;
  /** `delivery` must not reject. It resolves to whether another request may be due now that was not before. */
  add(lane: Lane, delivery: Promise<boolean>): void;
  readonly size: number;
  all(): Promise<void>;
};

/** Longer than any delivery that is only small. */
const SLOW_AFTER_MS = 1_000;

/**
 * Counts deliveries by lane. A sync that is slow (a first copy, a target that hangs and is not yet known to fail) leaves
 * its place to others, as long as no more than `concurrency` of them do: so as many small ones still find a place.
 * `onMore`: there may be requests to claim that could not be claimed before.
 */
export function createUnderWay(concurrency: number, onMore: () => void): UnderWay {
  const capacities = laneCapacities(concurrency);
  const taken: Record<Lane, number> = { sync: 0, http: 0, retry: 0, flow: 0 };
  const deliveries = new Set<Promise<void>>();
  let excused = 0;

  const excuse = (): boolean => {
    if (excused >= concurrency) return false;
    excused += 1;
    taken.sync -= 1;
    onMore();
    return true;
  };
  const track = async (lane: Lane, delivery: Promise<boolean>): Promise<boolean> => {
    let isExcused = false;
    const timer = lane === 'sync' ? setTimeout(() => (isExcused = excuse()), SLOW_AFTER_MS) : undefined;
    const freesAnother = await delivery;
    clearTimeout(timer);
    const wasFull = taken[lane] >= capacities[lane];
    if (isExcused) excused -= 1;
    else taken[lane] -= 1;
    return freesAnother || wasFull;
  };
  return {
    room: () => ({
      sync: capacities.sync - taken.sync,
      http: capacities.http - taken.http,
      retry: capacities.retry - taken.retry,
      flow: capacities.flow - taken.flow,
    }),
    add: (lane, delivery) => {
      taken[lane] += 1;
      const tracked = track(lane, delivery).then((mayBeMore) => {
        deliveries.delete(tracked);
        if (mayBeMore) onMore();
      });
      deliveries.add(tracked);
    },
    get size() {
      return deliveries.size;
    },
    all: async () => {
      await Promise.all(deliveries);
    },
  };
}
