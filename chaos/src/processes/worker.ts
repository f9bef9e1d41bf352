import { randomUUID } from 'node:crypto';
import { createDatabase, type Database } from '@hexclave/db';
import {
  createConnectionCipher,
  createConnectionTester,
  createDashboardApp,
  createExternalDatabaseStore,
  createHttpApp,
  createSignInLinks,
  createSync,
  createSyncProfiler,
  mappingCatalogueOf,
  SYNC_ENGINE_PATH,
  SYNC_ROUTES_PATH,
  type Sync,
  startTelemetry,
  type Telemetry,
} from '@hexclave/server';
import { hexclaveCatalog, SIGNATURE_HEADERS, sign } from '@hexclave/sync';
import { serve } from '@hexclave/testing/rpc';
import { pino } from 'pino';
import { DASHBOARD_URL } from './addresses.ts';

/**
 * A server as `serve` of the server composes it, in a process of its own: sequencer, poller, engine, API, dashboard, metrics
 * and log. Only nobody listens on a port; requests come through the parent.
 */
export type StartOptions = {
  readonly name: string;
  readonly connectionString: string;
  /** Every secret of the server's own. */
  readonly secret: string;
  /** Whether it runs the loops by itself; otherwise it does only what it is told. */
  readonly loops: boolean;
};

type Running = {
  readonly options: StartOptions;
  readonly sync: Sync;
  readonly database: Database;
  readonly telemetry: Telemetry;
  readonly app: ReturnType<typeof createHttpApp>;
  readonly dashboard: ReturnType<typeof createDashboardApp>;
};

/** `cookie`: what the answer sets, if anything. */
export type Answer = { readonly status: number; readonly body: string; readonly cookie: string | null };

/** Nobody collects traces. */
const UNTRACED = { otlpEndpoint: undefined, otlpHeaders: undefined, serviceName: 'chaos', traceRatio: 0 };

let running: Running | null = null;

async function start(options: StartOptions): Promise<Running> {
  const { name, connectionString, secret, loops } = options;
  const logger = pino({ level: 'debug' }).child({ worker: name });
  const cipher = createConnectionCipher(secret);
  const database = createDatabase({ connectionString, max: 4, applicationName: 'hexclave api' });
  const telemetry = await startTelemetry(UNTRACED, secret, database, logger);
  const config = { runLoops: loops, allowPrivateHosts: true, cronSecret: secret, signingSecret: secret };
  const sync = createSync({ connectionString, cipher, logger, config, telemetry: telemetry.sync });
  const app = createHttpApp({
    database: telemetry.database(database),
    externalDatabases: createExternalDatabaseStore(cipher),
    mappings: mappingCatalogueOf(hexclaveCatalog),
    connectionTester: createConnectionTester(hexclaveCatalog, true),
    profiler: createSyncProfiler({ database, cipher, allowPrivateHosts: true }),
    logger,
    config: { version: 'chaos', rateLimits: false },
    mountInternalSyncRoutes: (api) => api.route(SYNC_ROUTES_PATH, sync.routes),
    telemetry: telemetry.http,
  });
  const dashboard = createDashboardApp({
    ...{ api: app, database, files: new Map(), links: createSignInLinks(), logger },
    config: { dashboardUrl: DASHBOARD_URL, trustedProxies: 0 },
  });
  sync.start();
  return { options, sync, database, telemetry, app, dashboard };
}

function present(): Running {
  if (running === null) throw new Error('the worker was not started');
  return running;
}

/** A request, as far as it can be handed to another process. */
export type AnyRequest = {
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

async function ask(path: string, request: AnyRequest, whom: 'app' | 'dashboard' = 'app'): Promise<Answer> {
  const response = await present()[whom].request(path, request);
  return { status: response.status, body: await response.text(), cookie: response.headers.get('set-cookie') };
}

const CRON_MS = 5_000;

async function cron(stage: 'sequencer' | 'poller'): Promise<Answer> {
  return ask(`/api/v1${SYNC_ROUTES_PATH}/${stage}?maxDurationMs=${CRON_MS}`, {
    headers: { authorization: `Bearer ${present().options.secret}` },
  });
}

const handlers = {
  start: async (options: StartOptions): Promise<void> => {
    running = await start(options);
  },
  /** As if a request for this tenancy had been delivered here, one that nobody else has used. */
  sync: async (tenancyId: string, externalDatabaseId: string | null): Promise<Answer> => {
    const requestId = `${randomUUID()}.${randomUUID()}`;
    const body = JSON.stringify({ tenancyId, externalDatabaseId, requestId });
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const parts = { timestamp, requestId, method: 'POST', path: SYNC_ENGINE_PATH, body };
    return ask(SYNC_ENGINE_PATH, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        [SIGNATURE_HEADERS.signature]: sign(present().options.secret, parts),
        [SIGNATURE_HEADERS.timestamp]: timestamp,
        [SIGNATURE_HEADERS.requestId]: requestId,
      },
    });
  },
  /** Numbers everything that is flagged. */
  number: async (): Promise<Answer> => cron('sequencer'),
  /** Claims and delivers what is due. */
  poll: async (): Promise<Answer> => cron('poller'),
  api: async (path: string, request: AnyRequest): Promise<Answer> => ask(path, request),
  /** What the dashboard's pages ask of its server. */
  dashboard: async (path: string, request: AnyRequest): Promise<Answer> => ask(path, request, 'dashboard'),
  /** What its clock says, in ms since 1970. */
  clock: async (): Promise<number> => Date.now(),
  /** As SIGTERM would have it. */
  stop: async (): Promise<void> => {
    await running?.sync.stop();
    await running?.telemetry.stop();
    await running?.database.end();
    running = null;
  },
};

export type WorkerHandlers = typeof handlers;

serve(handlers);
