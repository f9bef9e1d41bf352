import type { Database } from '@hexclave/db';
import type { PipelineObserver } from '../observer.ts';
import { claimRequests, claimUnderFlowControl } from '../outgoing-requests/claim.ts';
import type { Lane } from '../outgoing-requests/lanes.ts';
import type { ClaimedRequest } from '../outgoing-requests/request.ts';
import { createWaker, type Waker } from '../waker.ts';
import { createDeliveries, type Deliveries, type DeliveriesOptions } from './deliveries.ts';

export type PollerOptions = {
  readonly db: Database;
  readonly deliveries: Deliveries;
  /** Rung when requests may be waiting. */
  readonly waker: Waker;
  readonly onError: (error: unknown) => void;
  readonly observer?: PipelineObserver | undefined;
};

const IDLE_POLL_MS = 1_000;
const AFTER_ERROR_MS = 1_000;

/** Claims and delivers for as long as the process lives. On abort it waits for what is under way. */
export async function runPoller(options: PollerOptions, signal: AbortSignal): Promise<void> {
  const { db, deliveries, waker, onError, observer } = options;
  while (!signal.aborted) {
    try {
      const { mayBeMore } = await claimAndStart(db, deliveries);
      observer?.onPoll?.();
      if (!mayBeMore && (await waker.sleep(IDLE_POLL_MS, signal))) observer?.onWake?.('poller');
    } catch (error) {
      onError(error);
      await waker.sleep(AFTER_ERROR_MS, signal);
    }
  }
  await deliveries.finished();
}

/** Claims and delivers what is due, until nothing is or the time is up: what the cron route runs. Returns how many. */
export async function pollOnce(
  options: DeliveriesOptions,
  maxDurationMs: number,
  signal: AbortSignal,
): Promise<number> {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(maxDurationMs)]);
  const waker = createWaker();
  const deliveries = createDeliveries(options, waker.wake, stop);
  let delivered = 0;
  try {
    while (!stop.aborted) {
      const { started, mayBeMore } = await claimAndStart(options.db, deliveries);
      delivered += started;
      if (started === 0 && deliveries.size === 0) break;
      if (!mayBeMore) await Promise.race([waker.sleep(IDLE_POLL_MS, stop), deliveries.finished()]);
    }
  } finally {
    await deliveries.finished();
  }
  return delivered;
}

/** `mayBeMore`: a lane got as many as it asked for, and has room left. */
type Started = { readonly started: number; readonly mayBeMore: boolean };

async function claimAndStart(db: Database, deliveries: Deliveries): Promise<Started> {
  const asked = deliveries.room();
  if (LANES.every((lane) => asked[lane] === 0)) return { started: 0, mayBeMore: false };
  const got: Record<Lane, number> = { sync: 0, http: 0, retry: 0, flow: 0 };
  const start = (request: ClaimedRequest) => {
    got[deliveries.start(request)] += 1;
  };
  const { requests, flowWaiting } = await claimRequests(db, asked);
  requests.forEach(start);
  if (flowWaiting && asked.flow > 0) (await claimUnderFlowControl(db, asked.flow)).forEach(start);
  const roomLeft = deliveries.room();
  return {
    started: LANES.reduce((sum, lane) => sum + got[lane], 0),
    mayBeMore: LANES.some((lane) => asked[lane] > 0 && got[lane] >= asked[lane] && roomLeft[lane] > 0),
  };
}

const LANES: readonly Lane[] = ['sync', 'http', 'retry', 'flow'];
