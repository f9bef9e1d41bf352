import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs, type Database, retryability } from '@hexclave/db';
import { boundedSignal } from '../bounded-signal.ts';
import type { PipelineObserver } from '../observer.ts';
import { LEASE_MS } from '../outgoing-requests/claim.ts';
import type { ClaimedRequest, Deliver, DeliveryResult } from '../outgoing-requests/request.ts';
import { extendLease, settleRequest } from '../outgoing-requests/settle.ts';

export type DeliverOptions = {
  readonly db: Database;
  readonly deliver: Deliver;
  readonly onError: (error: unknown, request?: ClaimedRequest) => void;
  readonly observer?: PipelineObserver | undefined;
};

/** A claim must not outlive its lease: deliveries that take longer are broken off before somebody else takes over. */
export const DELIVERY_TIMEOUT_MS = LEASE_MS - 10_000;

const SETTLE_BASE_MS = 100;
const SETTLE_CAP_MS = 2_000;

/**
 * Never throws: a request whose outcome cannot be written keeps its claim until the lease runs out, and is done again.
 * Returns whether another request may be due now that was not before.
 */
export async function deliverOne(
  options: DeliverOptions,
  request: ClaimedRequest,
  stop: AbortSignal,
): Promise<boolean> {
  const { db, observer } = options;
  const onError = (error: unknown) => options.onError(error, request);
  const extending = setTimeout(() => {
    observer?.onLeaseExtended?.(request);
    extendLease(db, request, LEASE_MS).catch(onError);
  }, request.leaseMs / 2);
  try {
    const result = await deliverBounded(options, request, stop);
    const freesAnother = await settlePatiently(db, request, result, stop);
    return freesAnother || request.flowControlKey !== null;
  } catch (error) {
    onError(error);
    return true;
  } finally {
    clearTimeout(extending);
  }
}

/**
 * An internal database that was started anew, or has failed over, is back long before the lease runs out, for which the
 * tenancy's next changes would otherwise wait. A claim that is taken over meanwhile is left alone in any case.
 */
async function settlePatiently(
  db: Database,
  request: ClaimedRequest,
  result: DeliveryResult,
  stop: AbortSignal,
): Promise<boolean> {
  const giveUpAt = performance.now() + LEASE_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await settleRequest(db, request, result);
    } catch (error) {
      if (stop.aborted || retryability(error) === 'never' || performance.now() > giveUpAt) throw error;
      await delay(backoffMs(attempt, SETTLE_BASE_MS, SETTLE_CAP_MS));
    }
  }
}

async function deliverBounded(
  options: DeliverOptions,
  request: ClaimedRequest,
  stop: AbortSignal,
): Promise<DeliveryResult> {
  const bounded = boundedSignal(stop, DELIVERY_TIMEOUT_MS);
  try {
    return await options.deliver(request, bounded.signal);
  } catch (error) {
    // Broken off by us: nobody has failed, and another process can take it up at once.
    if (stop.aborted) return { kind: 'again' };
    if (bounded.signal.aborted) return failed('DELIVERY_TIMED_OUT', 'The delivery took too long.');
    options.onError(error, request);
    // Messages of unknown errors may quote data; the log has them, the state does not.
    return failed('DELIVERY_FAILED', error instanceof Error ? error.name : 'unknown error');
  } finally {
    bounded.release();
  }
}

function failed(code: string, message: string): DeliveryResult {
  return { kind: 'failed', code, message };
}
