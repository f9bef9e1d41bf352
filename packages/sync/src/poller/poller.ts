import { setMaxListeners } from 'node:events';
import { claimRequests, claimUnderFlowControl } from '../outgoing-requests/claim.ts';
import { type Lane, type LaneCounts, laneOf } from '../outgoing-requests/lanes.ts';
import type { ClaimedRequest } from '../outgoing-requests/request.ts';
import { createWaker, type Waker } from '../waker.ts';
import { type DeliverOptions, deliverOne } from './deliver.ts';
import { createUnderWay, type UnderWay } from './under-way.ts';

export type PollerOptions = DeliverOptions & {
  /** Syncs under way at once in this process, slow ones and retries not counted. Default 32. */
  readonly concurrency?: number;
};

const DEFAULT_CONCURRENCY = 32;
const IDLE_POLL_MS = 1_000;
const AFTER_ERROR_MS = 1_000;
/** So that several processes share a burst. */
const CLAIM_AT_ONCE = 16;

/**
 * Claims and delivers for as long as the process lives. `waker` is rung when requests may be waiting. On abort it waits
 * for what is under way.
 */
export async function runPoller(options: PollerOptions & { waker: Waker }, signal: AbortSignal): Promise<void> {
  const { waker } = options;
  // One for each delivery under way.
  setMaxListeners(0, signal);
  const underWay = createUnderWay(options.concurrency ?? DEFAULT_CONCURRENCY, waker.wake);
  while (!signal.aborted) {
    try {
      const { mayBeMore } = await claimAndStart(options, underWay, signal);
      if (!mayBeMore) await waker.sleep(IDLE_POLL_MS, signal);
    } catch (error) {
      options.onError(error);
      await waker.sleep(AFTER_ERROR_MS, signal);
    }
  }
  await underWay.all();
}

/** Claims and delivers what is due, until nothing is or the time is up: what the cron route runs. Returns how many. */
export async function pollOnce(options: PollerOptions, maxDurationMs: number, signal: AbortSignal): Promise<number> {
  const waker = createWaker();
  const underWay = createUnderWay(options.concurrency ?? DEFAULT_CONCURRENCY, waker.wake);
  const stop = AbortSignal.any([signal, AbortSignal.timeout(maxDurationMs)]);
  setMaxListeners(0, stop);
  let delivered = 0;
  try {
    while (!stop.aborted) {
      const { started, mayBeMore } = await claimAndStart(options, underWay, stop);
      delivered += started;
      if (started === 0 && underWay.size === 0) break;
      if (!mayBeMore) await waker.sleep(IDLE_POLL_MS, stop);
    }
  } finally {
    await underWay.all();
  }
  return delivered;
}

/** `mayBeMore`: a lane got as many as it asked for, and has room left. */
type Started = { readonly started: number; readonly mayBeMore: boolean };

async function claimAndStart(options: PollerOptions, underWay: UnderWay, stop: AbortSignal): Promise<Started> {
  const asked = roomAtOnce(underWay);
  if (Object.values(asked).every((room) => room === 0)) return { started: 0, mayBeMore: false };
  const got: Record<Lane, number> = { sync: 0, http: 0, retry: 0, flow: 0 };
  const start = (request: ClaimedRequest) => {
    const lane = laneOf(request);
    got[lane] += 1;
    underWay.add(lane, deliverOne(options, request, stop));
  };
  const { requests, flowWaiting } = await claimRequests(options.db, asked);
  requests.forEach(start);
  if (flowWaiting && asked.flow > 0) (await claimUnderFlowControl(options.db, asked.flow)).forEach(start);
  const roomLeft = roomAtOnce(underWay);
  return {
    started: Object.values(got).reduce((sum, count) => sum + count, 0),
    mayBeMore: LANES.some((lane) => asked[lane] > 0 && got[lane] >= asked[lane] && roomLeft[lane] > 0),
  };
}

const LANES: readonly Lane[] = ['sync', 'http', 'retry', 'flow'];

/** Never below zero: requests that are taken over may overfill a lane. */
function roomAtOnce(underWay: UnderWay): LaneCounts {
  const room = underWay.room();
  const limited = (lane: Lane) => Math.max(0, Math.min(room[lane], CLAIM_AT_ONCE));
  return { sync: limited('sync'), http: limited('http'), retry: limited('retry'), flow: limited('flow') };
}
