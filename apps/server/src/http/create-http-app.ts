import { KnownError, openApiDocument } from '@hexclave/contract';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Api, createApi } from './api.ts';
import { renderDocsPage } from './docs-page.ts';
import type { HttpEnvironment, HttpServices } from './environment.ts';
import { answerError } from './errors.ts';
import { crossOrigin, errorStatusOverride, requestLog, securityHeaders } from './middleware.ts';

const DEFAULT_MAX_BODY_BYTES = 4 * 1024 * 1024;
/** `latest` is another name of the current version. */
const API_ROOTS = ['/api/v1', '/api/latest'];

export type HttpAppDependencies = HttpServices & {
  /** Adds the routes of the sync pipeline, below the API's root. They authenticate for themselves. */
  mountInternalSyncRoutes?: (api: Api) => void;
};

/** The whole HTTP interface, as an app that any server or test can listen with. */
export function createHttpApp(dependencies: HttpAppDependencies): Hono<HttpEnvironment> {
  const { logger, config } = dependencies;
  const app = new Hono<HttpEnvironment>();
  app.onError((error, c) => answerError(c, error, logger));
  app.notFound((c) => answerError(c, new KnownError('ROUTE_NOT_FOUND', {}), logger));
  app.use(errorStatusOverride, requestLog(logger), ...securityHeaders, crossOrigin);
  app.use(refuseLargeBodies(dependencies));

  const api = createApi(dependencies);
  dependencies.mountInternalSyncRoutes?.(api);
  mountDocumentation(api, config.version);
  for (const root of API_ROOTS) app.route(root, api);
  app.get('/health', (c) => app.fetch(new Request(new URL('/api/v1/health', c.req.url), c.req.raw), c.env));
  return app;
}

function refuseLargeBodies({ logger, config }: HttpServices) {
  const maxSize = config.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  return bodyLimit({
    maxSize,
    onError: (c) => answerError(c, new KnownError('BODY_TOO_LARGE', { max_bytes: maxSize }), logger),
  });
}

function mountDocumentation(api: Api, version: string): void {
  const document = openApiDocument(version);
  const page = renderDocsPage(document);
  api.get('/openapi.json', (c) => c.json(document));
  api.get('/docs', (c) => c.html(page.body, 200, { 'content-security-policy': page.contentSecurityPolicy }));
}
