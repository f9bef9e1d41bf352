import type { Context } from 'hono';
import type { HttpEnvironment } from './environment.ts';

/** Whom limits are counted against. An IPv6 customer has a whole /64, so its addresses count as one. */
export function clientAddress(c: Context<HttpEnvironment>, trustProxy: boolean): string {
  const forwarded = trustProxy ? c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  const address = forwarded || c.env?.incoming?.socket.remoteAddress || 'unknown';
  const isIpv6 = address.includes(':') && !address.startsWith('::ffff:');
  return isIpv6 ? address.split(':').slice(0, 4).join(':') : address;
}
