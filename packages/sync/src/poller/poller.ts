import type { Database } from '@hexclave/db';
import { claimRequests, completeRequest, failRequest, LEASE_MS, releaseRequest } from '../outgoing-requests/queue.ts';
import type { ClaimedRequest, Deliver, DeliveryResult } from '../outgoing-requests/request.ts';
import type { Waker } from '../waker.ts';

export type PollerOptions = {
  readonly db: Database;
  readonly deliver: Deliver;
  /** Rung when requests may be waiting. */
  readonly waker: Waker;
  readonly onError: (error: unknown) => void;
  /** Deliveries under way at once in this process. Default 32. */
  readonly concurrency?: number;
};

const DEFAULT_CONCURRENCY = 32;
const IDLE_POLL_MS = 1_000;
const CLAIM_AT_ONCE = 16;

/** A claim must not outlive its lease: deliveries that take longer are broken off before somebody else takes over. */
export const DELIVERY_TIMEOUT_MS = LEASE_MS - 10_000;

/** Claims and delivers for as long as the process lives. On abort it waits for what is under way. */
export async function runPoller(options: PollerOptions, signal: AbortSignal): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  while (!signal.aborted) {
    const free = concurrency - underWay.size;
    const claimed = free > 0 ? await claimSafely(options, Math.min(free, CLAIM_AT_ONCE)) : [];
    for (const request of claimed) {
      const delivery = deliverOne(options, request, signal).finally(() => {
        underWay.delete(delivery);
        // A request of the same key may have been waiting for this one to end.
        options.waker.wake();
      });
      underWay.add(delivery);
    }
    if (claimed.length < CLAIM_AT_ONCE) await options.waker.sleep(IDLE_POLL_MS, signal);
  }
  await Promise.all(underWay);
}

/** Claims and delivers what is due, until nothing is or the time is up: what the cron route runs. Returns how many. */
export async function pollOnce(options: PollerOptions, maxDurationMs: number, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + maxDurationMs;
  let delivered = 0;
  while (performance.now() < deadline && !signal.aborted) {
    const claimed = await claimRequests(options.db, options.concurrency ?? DEFAULT_CONCURRENCY);
    if (claimed.length === 0) break;
    await Promise.all(claimed.map((request) => deliverOne(options, request, signal)));
    delivered += claimed.length;
  }
  return delivered;
}

async function claimSafely(options: PollerOptions, limit: number): Promise<ClaimedRequest[]> {
  try {
    return await claimRequests(options.db, limit);
  } catch (error) {
    options.onError(error);
    return [];
  }
}

/** Never throws: a request whose outcome cannot be written keeps its claim until the lease runs out, and is done again. */
async function deliverOne(options: PollerOptions, request: ClaimedRequest, signal: AbortSignal): Promise<void> {
  try {
    await settle(options.db, request, await deliverBounded(options, request, signal));
  } catch (error) {
    options.onError(error);
  }
}

async function deliverBounded(
  options: PollerOptions,
  request: ClaimedRequest,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  try {
    return await options.deliver(request, AbortSignal.any([signal, AbortSignal.timeout(DELIVERY_TIMEOUT_MS)]));
  } catch (error) {
    options.onError(error);
    // Messages of unknown errors may quote data; the log has them, the state does not.
    return { kind: 'failed', code: 'DELIVERY_FAILED', message: error instanceof Error ? error.name : 'unknown error' };
  }
}

async function settle(db: Database, request: ClaimedRequest, result: DeliveryResult): Promise<void> {
  switch (result.kind) {
    case 'delivered':
      return completeRequest(db, request);
    case 'again':
      return releaseRequest(db, request, 0);
    case 'failed':
      return failRequest(db, request, result);
  }
}
