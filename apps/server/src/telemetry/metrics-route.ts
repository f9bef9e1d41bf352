import { KnownError } from '@hexclave/contract';
import type { Context } from 'hono';
import { clientAddress } from '../http/client-address.ts';
import type { HttpEnvironment } from '../http/environment.ts';
import type { RateLimiter } from '../http/rate-limits.ts';
import { carriesSecret } from '../sync/bearer.ts';

export type MetricsRoute = {
  /** `undefined`: there are no metrics to be seen. */
  readonly secret: string | undefined;
  /** In Prometheus' text format. Never rejects for a database that is away. */
  readonly read: () => Promise<{ readonly contentType: string; readonly body: string }>;
};

/** Answers a scrape. Guessing the secret is slowed down, as with keys. */
export async function answerScrape(
  c: Context<HttpEnvironment>,
  route: MetricsRoute | undefined,
  limiter: RateLimiter,
  trustedProxies: number,
): Promise<Response> {
  c.get('facts').route = 'GET /metrics';
  if (route?.secret === undefined) throw new KnownError('METRICS_DISABLED', {});
  if (!carriesSecret(c.req.header('authorization'), route.secret)) {
    await limiter.count('failedAuthentication', clientAddress(c, trustedProxies));
    throw new KnownError('INVALID_METRICS_SECRET', {});
  }
  const { contentType, body } = await route.read();
  return c.body(body, 200, { 'content-type': contentType });
}
