import type { Profiler } from '@hexclave/sync';
import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import type { Authentication } from '../services/authentication.ts';
import type { ConfigServices } from '../services/config.ts';
import type { StatusService } from '../services/status-service.ts';
import type { ConnectionTester } from '../sync/connection-tester.ts';
import type { RateLimits } from './rate-limits.ts';

/** What a log line says of a request, under the names that it has there. */
export type RequestFacts = {
  /** Method and template of the path. */
  route?: string;
  project_id?: string;
  tenancy_id?: string;
  external_database_id?: string;
  key_set_id?: string;
  access?: string;
  error_code?: string;
};

/** What a request carries through the middleware. */
export type HttpEnvironment = {
  Bindings: Partial<HttpBindings> & {
    /** Who is asking, when it is the dashboard's server that calls within the process: no request can bring this. */
    signedIn?: Authentication;
  };
  Variables: {
    requestId: string;
    /** Facts for the log line: nothing secret or personal. */
    facts: RequestFacts;
  };
};

export type HttpConfig = {
  /** Shown in the OpenAPI document. */
  version: string;
  /** Larger bodies are refused. Default 4 MiB. */
  maxBodyBytes?: number;
  /** `false` lifts the limits. What is left out has the default. */
  rateLimits?: Partial<RateLimits> | false;
  /** How many proxies before us append to X-Forwarded-For; see {@link clientAddress}. Default 0. */
  trustedProxies?: number;
};

/** Everything that the HTTP API works with. */
export type HttpServices = ConfigServices & {
  connectionTester: ConnectionTester;
  profiler: Profiler;
  status: StatusService;
  logger: Logger;
  config: HttpConfig;
};
