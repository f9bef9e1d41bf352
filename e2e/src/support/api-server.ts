import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import type { Database } from '@hexclave/db';
import {
  createConnectionCipher,
  createConnectionTester,
  createExternalDatabaseStore,
  createHttpApp,
  createSyncProfiler,
  DEMO_PROJECT_ID,
  type HttpAppDependencies,
  type HttpConfig,
  makeProjectKeys,
  mappingCatalogueOf,
  type SeededKeys,
  seedDevelopment,
} from '@hexclave/server';
import { hexclaveCatalog } from '@hexclave/sync';
import { atEndOfFile, createTestDatabase, fileNeedsMigrations, type TestDatabase } from '@hexclave/testing';
import { serve } from '@hono/node-server';
import { pino } from 'pino';

// Every change through the API is kept in the audit log, in its own transaction.
fileNeedsMigrations(['0011_controls']);

/** The HTTP API, listening on a port of its own, over a database of its own. */
export type ApiServer = {
  /** Without a trailing slash and without /api. */
  url: string;
  keys: SeededKeys;
  testDatabase: TestDatabase;
  /** Everything that was logged. */
  logs(): string;
};

/** The server secret of test servers. */
export const API_SECRET = 'the secret of a test server';

export type ApiServerOptions = {
  config?: Partial<HttpConfig>;
  /** Instead of a seeded one of its own. */
  database?: Database;
  mountInternalSyncRoutes?: HttpAppDependencies['mountInternalSyncRoutes'];
  /** Default: as of every server. */
  profileTimeoutMs?: number;
};

export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const testDatabase = await createTestDatabase();
  const keys = { internal: makeProjectKeys('internal'), demo: makeProjectKeys(DEMO_PROJECT_ID) };
  await seedDevelopment(testDatabase.db, keys);
  const log = memoryLog();
  const database = options.database ?? testDatabase.db;
  const cipher = createConnectionCipher(API_SECRET);
  const app = createHttpApp({
    database,
    externalDatabases: createExternalDatabaseStore(cipher),
    mappings: mappingCatalogueOf(hexclaveCatalog),
    connectionTester: createConnectionTester(hexclaveCatalog, true),
    profiler: createSyncProfiler({ database, cipher, allowPrivateHosts: true, timeoutMs: options.profileTimeoutMs }),
    logger: log.logger,
    config: { version: 'test', ...options.config },
    ...(options.mountInternalSyncRoutes && { mountInternalSyncRoutes: options.mountInternalSyncRoutes }),
  });
  const url = await listen(app.fetch);
  return { url, keys, testDatabase, logs: log.read };
}

async function listen(fetch: Parameters<typeof serve>[0]['fetch']): Promise<string> {
  const server = serve({ fetch, hostname: '127.0.0.1', port: 0 });
  await new Promise<void>((resolve) => server.once('listening', () => resolve()));
  atEndOfFile(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function memoryLog() {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  return { logger: pino({ level: 'trace' }, stream), read: () => lines.join('') };
}
