import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import {
  createConnectionCipher,
  createConnectionTester,
  createExternalDatabaseStore,
  createHttpApp,
  createSync,
  createSyncProfiler,
  DEMO_PROJECT_ID,
  makeProjectKeys,
  mappingCatalogueOf,
  type SeededKeys,
  SYNC_ENGINE_PATH,
  SYNC_ROUTES_PATH,
  type SyncConfig,
  seedDevelopment,
} from '@hexclave/server';
import { hexclaveCatalog } from '@hexclave/sync';
import {
  createEmptyDatabase,
  createTestDatabase,
  fileNeedsMigrations,
  type TestDatabase,
  waitUntil,
} from '@hexclave/testing';
import { serve } from '@hono/node-server';
import { pino } from 'pino';
import { connectionOf } from '../sync/harness.ts';

// Every change through the API is kept in the audit log, in its own transaction.
fileNeedsMigrations(['0011_controls']);

export const CRON_SECRET = 'the cron secret of a test server';
export const SIGNING_SECRET = 'the signing secret of test servers';
const cipher = createConnectionCipher('the server secret of test servers');
const store = createExternalDatabaseStore(cipher);

/** A server process as the product composes it, without the process. */
export type SyncServer = {
  /** Without a trailing slash. */
  readonly url: string;
  readonly syncEngineUrl: string;
  readonly logs: () => string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
};

/** `config` is asked once the address is known, which some of it is about. */
export async function startSyncServer(
  internal: TestDatabase,
  config: (urls: { syncEngineUrl: string }) => Partial<SyncConfig> = () => ({}),
): Promise<SyncServer> {
  const log = memoryLog();
  let answer: (request: Request, bindings: object) => Response | Promise<Response> = () => new Response(null);
  const server = serve({ fetch: (request, bindings) => answer(request, bindings), hostname: '127.0.0.1', port: 0 });
  await new Promise<void>((resolve) => server.once('listening', () => resolve()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const syncEngineUrl = url + SYNC_ENGINE_PATH;
  const sync = createSync({
    connectionString: internal.connectionString,
    cipher,
    logger: log.logger,
    config: {
      runLoops: true,
      allowPrivateHosts: true,
      cronSecret: CRON_SECRET,
      signingSecret: SIGNING_SECRET,
      ...config({ syncEngineUrl }),
    },
  });
  const app = createHttpApp({
    database: internal.db,
    externalDatabases: store,
    mappings: mappingCatalogueOf(hexclaveCatalog),
    connectionTester: createConnectionTester(hexclaveCatalog, true),
    profiler: createSyncProfiler({ database: internal.db, cipher, allowPrivateHosts: true }),
    logger: log.logger,
    config: { version: 'test', rateLimits: false },
    mountInternalSyncRoutes: (api) => void api.route(SYNC_ROUTES_PATH, sync.routes),
  });
  answer = app.fetch as typeof answer;
  sync.start();
  return {
    url,
    syncEngineUrl,
    logs: log.read,
    get: (path, headers) => fetch(`${url}/api/latest/internal/external-db-sync/${path}`, { headers }),
    stop: async () => {
      await sync.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
    },
  };
}

/** An internal database with one tenancy, whose teams are copied into a database of its own. */
export async function createWorld() {
  const internal = await createTestDatabase();
  const target = await createEmptyDatabase();
  const tenancyId = randomUUID();
  await internal.db.query('INSERT INTO "Project" ("id", "displayName") VALUES ($1::text, $1)', [tenancyId]);
  await internal.db.query('INSERT INTO "Tenancy" ("id", "projectId") VALUES ($1::uuid, $1::uuid::text)', [tenancyId]);
  await configure(internal, tenancyId, 'main', target.connectionString);
  return {
    internal,
    target,
    tenancyId,
    addTeams: async (count: number) => {
      await internal.db.query(
        `INSERT INTO "Team" ("tenancyId", "displayName") SELECT $1, 'team ' || n FROM generate_series(1, $2::integer) n`,
        [tenancyId, count],
      );
    },
    /** Waits until the copy has so many teams. */
    copied: (count: number, timeoutMs = 20_000) =>
      waitUntil(async () => (await teamsIn(target)) === count, { describe: `${count} teams in the copy`, timeoutMs }),
    teamsInCopy: () => teamsIn(target),
    drop: async () => {
      await target.drop();
      await internal.drop();
    },
  };
}

export type World = Awaited<ReturnType<typeof createWorld>>;

export async function configure(internal: TestDatabase, tenancyId: string, id: string, connectionString: string) {
  await store.save(
    internal.db,
    { tenancyId, id },
    {
      type: 'postgres',
      connection: connectionOf(connectionString),
      schema: 'hexclave',
      tables: {},
      deleteMode: 'hard',
      paused: false,
    },
  );
}

/** Zero before there is a table. */
async function teamsIn(target: TestDatabase): Promise<number> {
  const [table] = await target.db.query<{ exists: boolean }>(
    `SELECT to_regclass('hexclave.teams') IS NOT NULL AS exists`,
  );
  if (table?.exists !== true) return 0;
  return (await target.db.query('SELECT 1 FROM hexclave.teams')).length;
}

export async function seedKeys(internal: TestDatabase): Promise<SeededKeys> {
  const keys = { internal: makeProjectKeys('internal'), demo: makeProjectKeys(DEMO_PROJECT_ID) };
  await seedDevelopment(internal.db, keys);
  return keys;
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
