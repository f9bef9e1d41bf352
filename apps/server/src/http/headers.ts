import { headerNames, KnownError, REQUEST_HEADERS } from '@hexclave/contract';
import type { Context, MiddlewareHandler } from 'hono';
import type { HttpEnvironment } from './environment.ts';

/**
 * A header by its short name, sent under its current or its legacy name. An empty one counts as not sent, as the
 * published client means it.
 *
 * @throws {KnownError} CONFLICTING_HEADERS when both are sent and differ
 */
export function readHeader(c: Context<HttpEnvironment>, header: string): string | undefined {
  const names = headerNames(header);
  const [current, legacy] = names.map((name) => c.req.header(name) || undefined);
  if (current !== undefined && legacy !== undefined && current !== legacy) {
    throw new KnownError('CONFLICTING_HEADERS', { headers: names });
  }
  return current ?? legacy;
}

/** Also where nobody would read the header: whoever sends two values means something, and would not get it. */
export const refuseConflictingHeaders: MiddlewareHandler<HttpEnvironment> = async (c, next) => {
  for (const header of Object.values(REQUEST_HEADERS)) readHeader(c, header);
  await next();
};
