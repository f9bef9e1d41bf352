import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import type { ConfigServices } from '../services/config.ts';
import type { RateLimits } from './rate-limits.ts';

/** What a request carries through the middleware. */
export type HttpEnvironment = {
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    /** Facts for the log line: nothing secret or personal. */
    facts: { route?: string; projectId?: string; keySetId?: string; access?: string; errorCode?: string };
  };
};

export type HttpConfig = {
  /** Shown in the OpenAPI document. */
  version: string;
  /** Larger bodies are refused. Default 4 MiB. */
  maxBodyBytes?: number;
  /** `false` lifts the limits. What is left out has the default. */
  rateLimits?: Partial<RateLimits> | false;
  /** Takes the caller's address from X-Forwarded-For: only behind a proxy that sets it. Default false. */
  trustProxy?: boolean;
};

/** Everything that the HTTP API works with. */
export type HttpServices = ConfigServices & { logger: Logger; config: HttpConfig };
