import type { Database } from '@hexclave/db';
import { hexclaveCatalog } from '@hexclave/sync';
import { type RunningDashboard, startDashboard } from '../dashboard/start-dashboard.ts';
import { createConnectionCipher } from '../external-databases/connection-cipher.ts';
import { createExternalDatabaseStore } from '../external-databases/postgres-store.ts';
import { createHttpApp } from '../http/create-http-app.ts';
import { mappingCatalogueOf } from '../services/mapping-catalogue.ts';
import { createStatusService } from '../services/status-service.ts';
import { syncConfigOf } from '../sync/config.ts';
import { createConnectionTester } from '../sync/connection-tester.ts';
import { createSync } from '../sync/pipeline.ts';
import { createSyncProfiler } from '../sync/profiler.ts';
import { SYNC_ROUTES_PATH } from '../sync/routes.ts';
import { startTelemetry } from '../telemetry/start-telemetry.ts';
import { VERSION } from '../version.ts';
import { listen } from './http-listener.ts';
import type { Ports } from './ports.ts';
import { renewEncryption } from './renew-encryption.ts';
import { createSchemaWatch } from './schema-watch.ts';
import type { Secrets } from './secrets.ts';
import type { StartContext } from './start-context.ts';

export type ServeOptions = { database: Database; secrets: Secrets; host: string; ports: Ports };

export type Served = {
  /** Where the API is reached from here. */
  url: string;
  dashboard: RunningDashboard | undefined;
};

/** How long requests under way may take when the server stops. */
const HTTP_GRACE_MS = 5_000;

/** Starts pipeline, API and dashboard over a database that is ready. */
export async function serve(context: StartContext, options: ServeOptions): Promise<Served> {
  const { environment, logger, closers, signal, stopFor, migrationsDirectory } = context;
  const { database, secrets, host, ports } = options;
  const cipher = createConnectionCipher(secrets.serverSecret, secrets.previousServerSecrets);
  await renewEncryption(database, cipher, logger);
  const schemaWatch = await createSchemaWatch({ database, migrationsDirectory, onTooNew: stopFor });
  const telemetry = await startTelemetry(environment, secrets.metricsSecret, database, logger);
  closers.add(() => telemetry.stop());
  const apiUrl = environment.apiUrl ?? `http://localhost:${ports.api}`;
  const status = createStatusService({
    database: telemetry.database(database),
    catalog: hexclaveCatalog,
    signal,
    logger,
  });
  const sync = createSync({
    connectionString: database.connectionString,
    cipher,
    logger,
    config: syncConfigOf(environment, secrets, apiUrl),
    telemetry: telemetry.sync,
    onSynced: status.hub.wake,
    schemaWatch,
  });
  closers.add(() => sync.stop());
  const app = createHttpApp({
    database: telemetry.database(database),
    externalDatabases: createExternalDatabaseStore(cipher),
    mappings: mappingCatalogueOf(hexclaveCatalog),
    status,
    connectionTester: createConnectionTester(hexclaveCatalog, environment.allowPrivateHosts),
    profiler: createSyncProfiler({
      ...{ database, cipher, stopping: signal },
      allowPrivateHosts: environment.allowPrivateHosts,
    }),
    logger,
    config: { version: VERSION, trustedProxies: environment.trustedProxies },
    mountInternalSyncRoutes: (api) => api.route(SYNC_ROUTES_PATH, sync.routes),
    telemetry: telemetry.http,
    schemaWatch,
  });
  sync.start();
  signal.throwIfAborted();
  const listener = await listen(app.fetch, host, ports.api);
  closers.add(() => listener.close(HTTP_GRACE_MS));
  const dashboard = await startDashboard(context, { api: app, database, host, port: ports.dashboard });
  return { url: `http://${reachable(host)}:${ports.api}`, dashboard };
}

/** The wildcard addresses stand for all of this machine's. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
