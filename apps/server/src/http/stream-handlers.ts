import type { RouteInput, streamRoutes } from '@hexclave/contract';
import type { Authentication } from '../services/authentication.ts';
import { followStatus } from '../services/status-access.ts';
import type { Follower } from '../services/status-follower.ts';
import type { HttpServices } from './environment.ts';

type Routes = typeof streamRoutes;

/** What follows for a route of events. */
type StreamHandler<R> = (
  services: HttpServices,
  authentication: Authentication,
  input: RouteInput<R>,
  lastEventId: string | undefined,
) => Promise<Follower>;

/** A handler for every route of events: one that is missing does not compile. */
export const streamHandlers: { [Name in keyof Routes]: StreamHandler<Routes[Name]> } = {
  streamSyncStatus: (services, authentication, { query }, lastEventId) =>
    followStatus(services, authentication, query, lastEventId),
};
