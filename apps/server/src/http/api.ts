import { type AnyRoute, KnownError, routes } from '@hexclave/contract';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Authentication } from '../services/authentication.ts';
import { authenticateRequest } from './authenticate.ts';
import { clientAddress } from './client-address.ts';
import type { HttpEnvironment, HttpServices } from './environment.ts';
import { handlers } from './handlers.ts';
import type { RateLimiter } from './rate-limits.ts';
import { readInput } from './request-input.ts';

export type Api = Hono<HttpEnvironment>;

/** What all handlers look like once their types have done their work. */
type AnyHandler = (
  services: HttpServices,
  authentication: Authentication | undefined,
  input: object,
) => Promise<object>;

/** The routes of the contract, bound to their handlers. */
export function createApi(services: HttpServices, limiter: RateLimiter): Api {
  const api: Api = new Hono();
  const bound = Object.keys(routes).map((name) => {
    const key = name as keyof typeof routes;
    return { route: routes[key] as unknown as AnyRoute, handler: handlers[key] as unknown as AnyHandler };
  });
  // Of two routes that match, the router takes the first: /projects/current goes before /projects/{project_id}.
  bound.sort((a, b) => parameterCount(a.route.path) - parameterCount(b.route.path));
  for (const { route, handler } of bound) bindRoute(api, services, limiter, route, handler);
  for (const path of new Set(bound.map(({ route }) => route.path))) refuseOtherMethods(api, path, bound);
  return api;
}

function bindRoute(api: Api, services: HttpServices, limiter: RateLimiter, route: AnyRoute, handler: AnyHandler): void {
  api.on(route.method.toUpperCase(), toRouterPath(route.path), async (c) => {
    c.get('facts').route = `${route.method.toUpperCase()} ${route.path}`;
    const authentication =
      route.access === 'public' ? undefined : await authenticateRequest(c, services, limiter, route);
    if (authentication === undefined) {
      await limiter.count('client', clientAddress(c, services.config.trustedProxies ?? 0));
    }
    if (route.limit !== undefined && authentication !== undefined) {
      await limiter.count(route.limit, authentication.projectId);
    }
    const input = await readInput(c, route);
    return c.json(await handler(services, authentication, input), route.status as ContentfulStatusCode);
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
