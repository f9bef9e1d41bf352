import { KnownError } from '@hexclave/contract';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** So many requests in so many seconds, in each server process. */
export type RateLimit = { requests: number; seconds: number };

export type RateLimits = {
  /** Server and admin access, by project: generous, because one backend serves all of its users. */
  server: RateLimit;
  /** Client access and endpoints without a key, by address. */
  client: RateLimit;
  /** Requests with a wrong key, by address. */
  failedAuthentication: RateLimit;
  /** Each makes the server connect to wherever its caller says: few, by project. */
  connectionTests: RateLimit;
  /** Each runs statements on real rows, in two databases: few, by project. */
  profiles: RateLimit;
};

export const DEFAULT_RATE_LIMITS: RateLimits = {
  server: { requests: 20_000, seconds: 10 },
  client: { requests: 1_000, seconds: 10 },
  failedAuthentication: { requests: 300, seconds: 60 },
  connectionTests: { requests: 20, seconds: 60 },
  profiles: { requests: 30, seconds: 60 },
};

export type RateLimiter = {
  /** Counts a request. Throws RATE_LIMITED when it is one too many. */
  count(limit: keyof RateLimits, who: string): Promise<void>;
};

export function createRateLimiter(limits: Partial<RateLimits> | false | undefined): RateLimiter {
  if (limits === false) return { count: async () => {} };
  const limiters = {
    server: limiterOf(limits?.server ?? DEFAULT_RATE_LIMITS.server),
    client: limiterOf(limits?.client ?? DEFAULT_RATE_LIMITS.client),
    failedAuthentication: limiterOf(limits?.failedAuthentication ?? DEFAULT_RATE_LIMITS.failedAuthentication),
    connectionTests: limiterOf(limits?.connectionTests ?? DEFAULT_RATE_LIMITS.connectionTests),
    profiles: limiterOf(limits?.profiles ?? DEFAULT_RATE_LIMITS.profiles),
  };
  return {
    count: async (limit, who) => {
      try {
        await limiters[limit].consume(who);
      } catch (error) {
        throw error instanceof RateLimiterRes ? limited(error.msBeforeNext) : error;
      }
    },
  };
}

function limiterOf(limit: RateLimit): RateLimiterMemory {
  return new RateLimiterMemory({ points: limit.requests, duration: limit.seconds });
}

function limited(milliseconds: number): KnownError {
  return new KnownError('RATE_LIMITED', { retry_after_seconds: Math.max(1, Math.ceil(milliseconds / 1_000)) });
}
