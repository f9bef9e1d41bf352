import { type AnyRoute, KnownError, routes, streamRoutes } from '@hexclave/contract';
import { type Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Authentication } from '../services/authentication.ts';
import type { Follower } from '../services/status-follower.ts';
import { authenticateRequest, type Guards } from './authenticate.ts';
import { clientAddress } from './client-address.ts';
import type { HttpEnvironment, HttpServices } from './environment.ts';
import { noteError } from './errors.ts';
import { eventStream } from './event-stream.ts';
import { handlers } from './handlers.ts';
import { hangUpOf } from './hang-up.ts';
import type { RateLimiter } from './rate-limits.ts';
import { createRefusedKeys } from './refused-keys.ts';
import { readInput } from './request-input.ts';
import { stepStream, type Work } from './step-stream.ts';
import { streamHandlers } from './stream-handlers.ts';

export type Api = Hono<HttpEnvironment>;

/** What all handlers look like once their types have done their work. */
type AnyHandler = (
  services: HttpServices,
  authentication: Authentication | undefined,
  input: object,
  work: Work<object>,
) => Promise<object>;
type AnyStreamHandler = (
  services: HttpServices,
  authentication: Authentication,
  input: object,
  lastEventId: string | undefined,
) => Promise<Follower>;

/** A route and what answers it. */
type Bound = {
  readonly route: AnyRoute;
  readonly answer: (c: RequestContext, authentication: Authentication | undefined, input: object) => Promise<Response>;
};
type RequestContext = Context<HttpEnvironment>;

/** The routes of the contract, bound to their handlers. */
export function createApi(services: HttpServices, limiter: RateLimiter): Api {
  const api: Api = new Hono();
  const bound = [...boundRoutes(services), ...boundStreams(services)];
  // Of two routes that match, the router takes the first: /projects/current goes before /projects/{project_id}.
  bound.sort((a, b) => parameterCount(a.route.path) - parameterCount(b.route.path));
  const guards = { limiter, refusedKeys: createRefusedKeys() };
  for (const each of bound) bindRoute(api, services, guards, each);
  for (const path of new Set(bound.map(({ route }) => route.path))) refuseOtherMethods(api, path, bound);
  return api;
}

function boundRoutes(services: HttpServices): Bound[] {
  return Object.keys(routes).map((name) => {
    const key = name as keyof typeof routes;
    const route = routes[key] as unknown as AnyRoute;
    const handler = handlers[key] as unknown as AnyHandler;
    return {
      route,
      answer: async (c, authentication, input) => {
        const work = (each: Work<object>) => handler(services, authentication, input, each);
        if (route.steps !== undefined && wantsEvents(c)) {
          return stepStream(work, c.req.raw.signal, (error) => noteError(c, error, services.logger));
        }
        const reply = await work({ signal: hangUpOf(c.req.raw), onStep: () => undefined });
        return c.json(reply, route.status as ContentfulStatusCode);
      },
    };
  });
}

/** Asked for by name: whoever takes anything gets JSON. */
function wantsEvents(c: RequestContext): boolean {
  return /(^|,)\s*text\/event-stream\s*(;|,|$)/i.test(c.req.header('accept') ?? '');
}

function boundStreams(services: HttpServices): Bound[] {
  return Object.keys(streamRoutes).map((name) => {
    const key = name as keyof typeof streamRoutes;
    const handler = streamHandlers[key] as unknown as AnyStreamHandler;
    return {
      route: streamRoutes[key] as unknown as AnyRoute,
      answer: async (c, authentication, input) => {
        const lastEventId = c.req.header('last-event-id');
        const follower = await handler(services, authentication as Authentication, input, lastEventId);
        return eventStream(follower, c.req.raw.signal);
      },
    };
  });
}

function bindRoute(api: Api, services: HttpServices, guards: Guards, { route, answer }: Bound): void {
  const { limiter } = guards;
  api.on(route.method.toUpperCase(), toRouterPath(route.path), async (c) => {
    c.get('facts').route = `${route.method.toUpperCase()} ${route.path}`;
    const authentication =
      route.access === 'public' ? undefined : await authenticateRequest(c, services, guards, route);
    if (authentication === undefined) {
      await limiter.count('client', clientAddress(c, services.config.trustedProxies ?? 0));
    }
    if (route.limit !== undefined && authentication !== undefined) {
      await limiter.count(route.limit, authentication.projectId);
    }
    return answer(c, authentication, await readInput(c, route));
  });
}

function refuseOtherMethods(api: Api, path: string, bound: { route: AnyRoute }[]): void {
  const methods = bound.filter(({ route }) => route.path === path).map(({ route }) => route.method.toUpperCase());
  api.all(toRouterPath(path), () => {
    throw new KnownError('METHOD_NOT_ALLOWED', { allowed_methods: methods });
  });
}

function parameterCount(path: string): number {
  return path.split('{').length - 1;
}

function toRouterPath(path: string): string {
  return path.replace(/\{([a-z_]+)\}/g, ':$1');
}
