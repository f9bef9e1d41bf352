import type { ClaimedRequest, Deliver, DeliveryResult } from '@hexclave/sync';

/** What is told of deliveries. Be quick, and never throw. */
export type DeliveryObserver = {
  onBegin(request: ClaimedRequest): void;
  /** `result`: the kind of the result, or the code of the failure. */
  onEnd(request: ClaimedRequest, result: string, durationMs: number): void;
};

/** Watches every delivery of this process, of whatever kind. */
export function observeDeliver(deliver: Deliver, observer: DeliveryObserver): Deliver {
  return async (request, signal) => {
    const startedAt = performance.now();
    observer.onBegin(request);
    const end = (result: string) => observer.onEnd(request, result, performance.now() - startedAt);
    try {
      const result = await deliver(request, signal);
      end(nameOf(result));
      return result;
    } catch (error) {
      end(signal.aborted ? 'broken_off' : 'SERVER_ERROR');
      throw error;
    }
  };
}

/** Few values: a receiver's status goes by its class. */
function nameOf(result: DeliveryResult): string {
  if (result.kind === 'handed-over') return 'handed_over';
  if (result.kind !== 'failed') return result.kind;
  return result.code.replace(/^HTTP_STATUS_(\d)\d\d$/, 'HTTP_STATUS_$1xx');
}
