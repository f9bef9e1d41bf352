import type { ClaimedRequest, Deliver } from '../request.ts';

/** Sends each kind of request its own way. */
export function deliverByKind(deliveries: Readonly<Record<ClaimedRequest['kind'], Deliver>>): Deliver {
  return (request, signal) => deliveries[request.kind](request, signal);
}
