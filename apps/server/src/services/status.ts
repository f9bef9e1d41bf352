import { KnownError, type RouteReply, type routes } from '@hexclave/contract';

/** How fresh every copy is, and what stands in the way. */
export async function readStatus(): Promise<RouteReply<typeof routes.getSyncStatus>> {
  throw new KnownError('SERVICE_UNAVAILABLE', {});
}

/** Rates, backlogs and delays of the last hour. */
export async function readHistory(): Promise<RouteReply<typeof routes.getSyncStatusHistory>> {
  throw new KnownError('SERVICE_UNAVAILABLE', {});
}
