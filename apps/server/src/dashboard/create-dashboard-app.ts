import { randomUUID } from 'node:crypto';
import { KnownError } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Logger } from 'pino';
import type { HttpEnvironment } from '../http/environment.ts';
import { answerError } from '../http/errors.ts';
import { requestLog } from '../http/middleware.ts';
import { callApi } from './api-bridge.ts';
import { assertOwnPages, type OriginConfig, ownOrigin } from './origin.ts';
import { pagePolicy } from './page-policy.ts';
import { createSessionCookie } from './session-cookie.ts';
import { sessionRoutes } from './session-routes.ts';
import { createSessionStreams } from './session-streams.ts';
import type { SignInLinks } from './sign-in-links.ts';
import { type StaticFiles, serveStaticFiles } from './static-files.ts';

export type DashboardDependencies = {
  /** The whole HTTP interface; see `createHttpApp`. */
  api: Hono<HttpEnvironment>;
  database: Database;
  files: StaticFiles;
  links: SignInLinks;
  logger: Logger;
  config: OriginConfig;
};

const MAX_SIGN_IN_BYTES = 4_096;

/** The dashboard's own server: its pages, its sessions, and the API for whoever is signed in. */
export function createDashboardApp(dependencies: DashboardDependencies): Hono<HttpEnvironment> {
  const { api, database, files, links, logger, config } = dependencies;
  const cookie = createSessionCookie((c) => ownOrigin(c, config));
  const streams = createSessionStreams({ database });
  const app = new Hono<HttpEnvironment>();
  app.onError((error, c) => answerError(c, error, logger));
  app.notFound((c) => answerError(c, new KnownError('ROUTE_NOT_FOUND', {}), logger));
  app.use(...pagePolicy, withoutLog);
  // The API logs its requests itself, and files are no news.
  app.use('/session/*', requestLog(logger));
  app.use(async (c, next) => {
    if (isForPages(c.req.path)) assertOwnPages(c, config);
    return next();
  });
  app.use('/session/*', bodyLimit({ maxSize: MAX_SIGN_IN_BYTES, onError: tooLarge }));
  app.route('/', sessionRoutes({ database, cookie, links, streams, trustedProxies: config.trustedProxies }));
  app.all('/api/*', (c) => callApi(c, { api, database, cookie, streams }));
  app.use(serveStaticFiles(files));
  return app;
}

/** What the answer to an error asks for where no line is logged. */
const withoutLog: MiddlewareHandler<HttpEnvironment> = (c, next) => {
  c.set('requestId', randomUUID());
  c.set('facts', {});
  return next();
};

function isForPages(path: string): boolean {
  return path.startsWith('/api/') || path === '/session' || path.startsWith('/session/');
}

function tooLarge(): never {
  throw new KnownError('BODY_TOO_LARGE', { max_bytes: MAX_SIGN_IN_BYTES });
}
