import { KnownError, openApiDocument } from '@hexclave/contract';
import { hexclaveCatalog } from '@hexclave/sync';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { assertHealthy } from '../services/health.ts';
import { createStatusService, type StatusService } from '../services/status-service.ts';
import type { SchemaWatch } from '../start/schema-watch.ts';
import { answerScrape } from '../telemetry/metrics-route.ts';
import type { HttpTelemetry } from '../telemetry/telemetry.ts';
import { type Api, createApi } from './api.ts';
import { clientAddress } from './client-address.ts';
import { renderDocsPage } from './docs-page.ts';
import type { HttpEnvironment, HttpServices } from './environment.ts';
import { answerError } from './errors.ts';
import { refuseConflictingHeaders } from './headers.ts';
import { crossOrigin, errorStatusOverride, requestLog, securityHeaders } from './middleware.ts';
import { createRateLimiter, type RateLimiter } from './rate-limits.ts';

const DEFAULT_MAX_BODY_BYTES = 4 * 1024 * 1024;
/** `latest` is another name of the current version. */
const API_ROOTS = ['/api/v1', '/api/latest'];

export type HttpAppDependencies = Omit<HttpServices, 'status'> & {
  /** Of the tables that this server syncs. Default: one whose streams no stop ends. */
  status?: StatusService;
  /** Adds the routes of the sync pipeline, below the API's root. They authenticate for themselves. */
  mountInternalSyncRoutes?: (api: Api) => void;
  telemetry?: HttpTelemetry;
  /** Told what the database says when somebody asks for our health. */
  schemaWatch?: Pick<SchemaWatch, 'found'>;
};

/** The whole HTTP interface, as an app that any server or test can listen with. */
export function createHttpApp(dependencies: HttpAppDependencies): Hono<HttpEnvironment> {
  const { logger, config, telemetry = {} } = dependencies;
  const app = new Hono<HttpEnvironment>();
  app.onError((error, c) => answerError(c, error, logger));
  app.notFound((c) => answerError(c, new KnownError('ROUTE_NOT_FOUND', {}), logger));
  app.use(errorStatusOverride);
  // Around the log, whose lines name the trace.
  if (telemetry.traceRequests !== undefined) app.use(telemetry.traceRequests);
  app.use(requestLog(logger, telemetry.onRequest), ...securityHeaders, crossOrigin);
  app.use(refuseConflictingHeaders, refuseLargeBodies(dependencies));

  const limiter = createRateLimiter(config.rateLimits);
  const api = createApi({ ...dependencies, status: dependencies.status ?? statusOf(dependencies) }, limiter);
  dependencies.mountInternalSyncRoutes?.(api);
  mountDocumentation(api, config.version);
  for (const root of API_ROOTS) app.route(root, api);
  mountForMachines(app, dependencies, limiter);
  return app;
}

function statusOf({ database, logger }: Pick<HttpServices, 'database' | 'logger'>): StatusService {
  return createStatusService({ database, catalog: hexclaveCatalog, signal: new AbortController().signal, logger });
}

function refuseLargeBodies({ logger, config }: Pick<HttpServices, 'logger' | 'config'>) {
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

/** What load balancers and monitors ask for, outside of the API. */
function mountForMachines(
  app: Hono<HttpEnvironment>,
  { database, config: { trustedProxies = 0 }, telemetry, schemaWatch }: HttpAppDependencies,
  limiter: RateLimiter,
): void {
  app.get('/health', async (c) => {
    c.get('facts').route = 'GET /health';
    await limiter.count('client', clientAddress(c, trustedProxies));
    const breaking = await assertHealthy(database);
    await schemaWatch?.found(breaking);
    return c.json({ status: 'ok' });
  });
  app.get('/metrics', (c) => answerScrape(c, telemetry?.metrics, limiter, trustedProxies));
}
