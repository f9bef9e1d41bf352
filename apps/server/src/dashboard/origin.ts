import { KnownError } from '@hexclave/contract';
import type { Context } from 'hono';
import type { HttpEnvironment } from '../http/environment.ts';

export type OriginConfig = {
  /** The address that browsers reach the dashboard at, if the operator has said. */
  dashboardUrl: string | undefined;
  /** How many proxies are before us, the last of which says whether it was called by https. */
  trustedProxies: number;
};

type RequestContext = Context<HttpEnvironment>;

/**
 * What a browser calls the origin of the dashboard's pages.
 *
 * @throws {KnownError} CROSS_SITE_REQUEST for a host that no browser could have asked for
 */
export function ownOrigin(c: RequestContext, { dashboardUrl, trustedProxies }: OriginConfig): string {
  if (dashboardUrl !== undefined) return new URL(dashboardUrl).origin;
  const forwarded = trustedProxies === 0 ? undefined : c.req.header('x-forwarded-proto')?.split(',').at(-1)?.trim();
  const scheme = forwarded === 'https' ? 'https' : 'http';
  const origin = `${scheme}://${(c.req.header('host') ?? '').toLowerCase()}`;
  if (!URL.canParse(origin)) throw new KnownError('CROSS_SITE_REQUEST', {});
  return origin;
}

/**
 * Refuses what another site makes a browser send. Browsers name the origin of everything that may change something, and
 * tell of the rest, where they know it to be safe to tell, what kind of page it comes from.
 *
 * @throws {KnownError} CROSS_SITE_REQUEST
 */
export function assertOwnPages(c: RequestContext, config: OriginConfig): void {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin')?.toLowerCase();
  const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD';
  const foreignSite = site !== undefined && site !== 'same-origin';
  const foreignOrigin = origin === undefined ? changes : origin !== ownOrigin(c, config).toLowerCase();
  if (foreignSite || foreignOrigin) throw new KnownError('CROSS_SITE_REQUEST', {});
}
