import { isIP } from 'node:net';
import type { Context } from 'hono';
import ipaddr from 'ipaddr.js';
import type { HttpEnvironment } from './environment.ts';

/** An IPv6 customer has a whole /64: four of the eight groups. */
const NETWORK_GROUPS = 4;

/**
 * Whom limits are counted against. Each of `trustedProxies` has appended to X-Forwarded-For whom it was called by, so the
 * caller stands that many places from the end; what comes before anybody can write. A request without such an entry, or
 * with nonsense in its place, did not come through all proxies and counts for whoever connected to us.
 */
export function clientAddress(c: Context<HttpEnvironment>, trustedProxies: number): string {
  const forwarded = trustedProxies === 0 ? undefined : c.req.header('x-forwarded-for')?.split(',').at(-trustedProxies);
  return networkOf(forwarded) ?? networkOf(c.env?.incoming?.socket.remoteAddress) ?? 'unknown';
}

/** One spelling for each address, and one for all addresses of an IPv6 network. Some proxies add the port. */
function networkOf(text: string | undefined): string | undefined {
  const [, bracketed, plain] = /^\s*(?:\[([^\]]+)\](?::\d+)?|([^[\]]+?))\s*$/.exec(text ?? '') ?? [];
  const address = bracketed ?? plain?.replace(/^([\d.]+):\d+$/, '$1');
  if (address === undefined || isIP(address) === 0) return undefined;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6
    ? `${parsed.parts
        .slice(0, NETWORK_GROUPS)
        .map((part) => part.toString(16))
        .join(':')}::/64`
    : parsed.toString();
}
