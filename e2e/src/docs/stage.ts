import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { createDatabase, type Database } from '@hexclave/db';
import { currentEnvironment } from '@hexclave/env';
import { createDemoApi, type DemoApi, loadDevelopmentKeys } from '@hexclave/server';
import { atEndOfFile, createEmptyDatabase, startExtraCluster, waitUntil } from '@hexclave/testing';
import { createPlace, ROOT, start } from '../start/program.ts';

/** A server as a reader of the documentation has started it, and its internal database. */
export type DocsServer = {
  readonly api: DemoApi;
  readonly internal: Database;
  /** What stands in the place of the examples' values. */
  readonly values: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
};

/** Where the blocks of one page are run. */
export type PageStage = {
  runShell(script: string): Promise<string>;
  /** `patient`: until a row is found. */
  runSql(where: string, sql: string, patient: boolean): Promise<void>;
};

const run = promisify(execFile);
const SHELL_TIMEOUT_MS = 30_000;
const ARRIVAL_TIMEOUT_MS = 20_000;

export async function startDocsServer(): Promise<DocsServer> {
  const { db, connectionString } = await createEmptyDatabase();
  const place = await createPlace();
  const cronSecret = randomBytes(24).toString('base64url');
  await start({
    ...place.variables,
    HEXCLAVE_DATABASE_CONNECTION_STRING: connectionString,
    CRON_SECRET: cronSecret,
  }).printed('is ready');
  const url = `http://localhost:${place.ports.api}`;
  const keys = await loadDevelopmentKeys(place.directory);
  const api = createDemoApi(`${url}/api/v1`, keys.demo);
  await api.call('POST', '/users', { display_name: 'Ada Lovelace', primary_email: 'ada@example.com' });
  return {
    api,
    internal: db,
    values: {
      'http://localhost:8102': url,
      'sak_…': keys.demo.superSecretAdminKey,
      'sak_internal…': keys.internal.superSecretAdminKey,
      'ssk_…': keys.demo.secretServerKey,
    },
    environment: { CRON_SECRET: cronSecret },
  };
}

/** A page begins with a database `shop` of the reader's own, in which nothing is, and with nothing configured. */
export async function setPageStage(server: DocsServer): Promise<PageStage> {
  await server.api.call('PATCH', '/internal/config/override/environment', {
    config_override_string: '{"dbSync": {"externalDatabases": {}}}',
  });
  let opened: Promise<Shop> | undefined;
  // Most pages never look into it, and a cluster of its own takes a second.
  const shop = () => {
    opened ??= openShop();
    return opened;
  };
  let exported = '';
  return {
    runShell: async (script) => {
      const real = withValues(script, {
        ...server.values,
        ...(script.includes(SHOP_ADDRESS) && { [SHOP_ADDRESS]: (await shop()).address }),
      });
      const stdout = await runBash(exported + real, server.environment);
      exported += (real.match(/^export .*$/gm) ?? []).map((line) => `${line}\n`).join('');
      return stdout;
    },
    runSql: async (where, sql, patient) => {
      const databases: Record<string, () => Promise<Database>> = {
        internal: async () => server.internal,
        external: async () => (await shop()).db,
      };
      return runSql(await databases[where]?.(), sql, patient);
    },
  };
}

type Shop = { readonly db: Database; readonly address: string };

/** How the examples write it. */
const SHOP_ADDRESS = 'db.example.com:5432/shop';

async function openShop(): Promise<Shop> {
  const cluster = await startExtraCluster();
  const admin = createDatabase({ connectionString: cluster.connectionString(), max: 1 });
  await admin.query('CREATE DATABASE shop');
  await admin.end();
  const db = createDatabase({ connectionString: cluster.connectionString('shop'), max: 2 });
  atEndOfFile(() => db.end());
  return { db, address: `127.0.0.1:${cluster.port}/shop?sslmode=disable` };
}

function withValues(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((result, [example, real]) => result.replaceAll(example, real), text);
}

async function runBash(script: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const { PATH, HOME } = currentEnvironment();
  const env = { PATH, HOME, ...environment };
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: ROOT,
    env,
    timeout: SHELL_TIMEOUT_MS,
  });
  return stdout;
}

async function runSql(database: Database | undefined, sql: string, patient: boolean): Promise<void> {
  if (database === undefined) throw new Error('say in which database: ```sql external or ```sql internal');
  if (!patient) {
    await database.query(sql);
    return;
  }
  await waitUntil(async () => (await database.query(sql)).length > 0, {
    timeoutMs: ARRIVAL_TIMEOUT_MS,
    describe: `a row from ${sql}`,
  });
}
