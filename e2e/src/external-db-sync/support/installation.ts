import { randomBytes, randomUUID } from 'node:crypto';
import { createDatabase, type Database } from '@hexclave/db';
import { generateKey, makeProjectKeys, type ProjectKeys, SYNC_ENGINE_PATH, SYNC_ROUTES_PATH } from '@hexclave/server';
import { SIGNATURE_HEADERS, sign } from '@hexclave/sync';
import { createTestDatabase, fileNeedsMigrations } from '@hexclave/testing';
import { type Answer, type ApiClient, apiClientAt, request, succeed } from '../../support/api-client.ts';
import { type Project, projectOf } from './project.ts';
import { buildServer, type ServerProcess, startServerProcess } from './server-process.ts';

// Servers that sync, and projects that are made through the API.
fileNeedsMigrations(['0010_what_a_restore_takes_back', '0011_controls', '0012_status']);

export type InstallationOptions = {
  /** Of the internal database; by default a fresh one with all migrations. */
  readonly connectionString?: string;
  /** Server processes to begin with. Default 1. */
  readonly servers?: number;
  /** Variables of every server process, besides those that all need. */
  readonly environment?: Readonly<Record<string, string>>;
};

export type ServerOptions = {
  /** Whether the process drives sequencer and poller itself. Default true. */
  readonly runLoops?: boolean;
  /** Further variables of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A module that the process loads before the server, to change the world that it sees. */
  readonly preload?: string;
  /** Another version of the server than the one built from this source. */
  readonly program?: string;
};

export type CronRoute = 'sequencer' | 'poller' | 'verifier';

/** One Hexclave: an internal database, the server processes over it, and its projects. */
export type Installation = {
  /** The internal database, for tests that look or write behind the server's back. */
  readonly db: Database;
  readonly connectionString: string;
  /** The server as it was built from this source. */
  readonly program: string;
  /** What every server process is given and must tell nobody. */
  readonly secrets: readonly string[];
  readonly servers: readonly ServerProcess[];
  /** The first one. */
  readonly server: ServerProcess;
  startServer(options?: ServerOptions): Promise<ServerProcess>;
  /** SIGKILL; the process no longer counts among `servers`. */
  kill(server: ServerProcess): Promise<void>;
  /** SIGTERM, likewise. Resolves to the exit code. */
  stop(server: ServerProcess): Promise<number | null>;
  createProject(): Promise<Project>;
  /** The admin of the internal project. */
  readonly operator: ApiClient;
  /** Calls a cron route as a scheduler does. */
  cron(server: ServerProcess, route: CronRoute, maxDurationMs?: number): Promise<Answer>;
  /** Sends a signed request to a server's sync engine, as another server's poller does. */
  callEngine(server: ServerProcess, tenancyId: string): Promise<Answer>;
  /** Stops all processes: before the databases are dropped, which they are at the end of the file. */
  close(): Promise<void>;
};

export async function createInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const { db, connectionString, end } = await internalDatabase(options.connectionString);
  const build = await buildServer();
  const secrets = newSecrets();
  const servers: ServerProcess[] = [];
  const first = () => {
    const [server] = servers;
    if (server === undefined) throw new Error('No server is running');
    return server;
  };
  const startServer = async ({ runLoops = true, environment, preload, program }: ServerOptions = {}) => {
    const server = await startServerProcess(
      program ?? build.program,
      {
        ...environmentOf(secrets),
        HEXCLAVE_DATABASE_CONNECTION_STRING: connectionString,
        HEXCLAVE_EXTERNAL_DB_SYNC_RUN_LOOPS: String(runLoops),
        ...options.environment,
        ...environment,
      },
      preload === undefined ? [] : ['--import', preload],
    );
    servers.push(server);
    return server;
  };
  const forget = (server: ServerProcess) => servers.splice(servers.indexOf(server), 1);
  for (let count = options.servers ?? 1; count > 0; count--) await startServer();
  const internalKeys = { ...makeProjectKeys('internal'), superSecretAdminKey: secrets.adminKey };
  const operator = apiClientAt(() => first().url, 'admin', internalKeys);
  return {
    db,
    connectionString,
    program: build.program,
    secrets: Object.values(secrets),
    servers,
    get server() {
      return first();
    },
    startServer,
    kill: async (server) => {
      forget(server);
      await server.kill();
    },
    stop: (server) => {
      forget(server);
      return server.stop();
    },
    operator,
    createProject: async () => projectOf({ db, url: () => first().url, keys: await createKeys(operator) }),
    cron: (server, route, maxDurationMs = 20_000) =>
      request(`${server.url}/api/latest${SYNC_ROUTES_PATH}/${route}?maxDurationMs=${maxDurationMs}`, {
        headers: { authorization: `Bearer ${secrets.cronSecret}` },
      }),
    callEngine: (server, tenancyId) => callEngine(server.url, secrets.signingSecret, tenancyId),
    close: async () => {
      await Promise.all(servers.splice(0).map((server) => server.stop()));
      await build.remove();
      await end();
    },
  };
}

/** A given one is only connected to: who made it removes it. */
async function internalDatabase(given: string | undefined) {
  if (given === undefined) {
    const { db, connectionString } = await createTestDatabase();
    return { db, connectionString, end: async () => undefined };
  }
  const db = createDatabase({ connectionString: given, max: 5, applicationName: 'test' });
  return { db, connectionString: given, end: () => db.end() };
}

function newSecrets() {
  const secret = () => randomBytes(32).toString('base64url');
  return { serverSecret: secret(), cronSecret: secret(), signingSecret: secret(), adminKey: generateKey('admin') };
}

function environmentOf(secrets: ReturnType<typeof newSecrets>): Record<string, string> {
  return {
    NODE_ENV: 'production',
    HEXCLAVE_SERVER_SECRET: secrets.serverSecret,
    CRON_SECRET: secrets.cronSecret,
    HEXCLAVE_SYNC_ENGINE_SIGNING_SECRET: secrets.signingSecret,
    HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY: secrets.adminKey,
    // The external databases of these tests are on this machine.
    HEXCLAVE_EXTERNAL_DB_SYNC_ALLOW_PRIVATE_HOSTS: 'true',
    HEXCLAVE_LOG_LEVEL: 'warn',
  };
}

const A_DAY_MS = 86_400_000;

async function createKeys(operator: ApiClient): Promise<ProjectKeys> {
  const project = await succeed(operator.post('/internal/projects', { display_name: 'A project' }));
  const set = await succeed(
    operator.post(`/internal/api-keys?project_id=${project.id}`, {
      description: 'Keys of a test',
      expires_at_millis: Date.now() + A_DAY_MS,
      has_publishable_client_key: true,
      has_secret_server_key: true,
      has_super_secret_admin_key: true,
    }),
  );
  return {
    projectId: project.id,
    keySetId: set.id,
    publishableClientKey: set.publishable_client_key,
    secretServerKey: set.secret_server_key,
    superSecretAdminKey: set.super_secret_admin_key,
  };
}

async function callEngine(url: string, secret: string, tenancyId: string): Promise<Answer> {
  const requestId = `${randomUUID()}.${randomUUID()}`;
  const body = JSON.stringify({ tenancyId, externalDatabaseId: null, requestId });
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = sign(secret, { timestamp, requestId, method: 'POST', path: SYNC_ENGINE_PATH, body });
  return request(url + SYNC_ENGINE_PATH, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      [SIGNATURE_HEADERS.signature]: signature,
      [SIGNATURE_HEADERS.timestamp]: timestamp,
      [SIGNATURE_HEADERS.requestId]: requestId,
    },
  });
}
