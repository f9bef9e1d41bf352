import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enqueueRequest } from '@hexclave/sync';
import { createEmptyDatabase, waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { type Project, pathOf, type ShownFailure } from '../external-db-sync/support/project.ts';
import { succeed } from '../support/api-client.ts';
import { connectionOf } from '../sync/harness.ts';
import { addUser } from '../sync/rows.ts';

const preload = fileURLToPath(new URL('./support/network.mjs', import.meta.url));
/** Addresses of the Internet that lead to the PostgreSQL of the tests. */
const PUBLIC = '93.184.216.34';

const NAMES = {
  'metadata.example': [['169.254.169.254']],
  'mixed.example': [[PUBLIC, '127.0.0.1']],
  'mixed-behind.example': [['127.0.0.1', PUBLIC]],
  // Public as long as it is asked about by the first session, then private.
  'rebound.example': [[PUBLIC], ['127.0.0.1']],
  // What the operator's resolver knows, and what it does not.
  'vault.corp.example': [['10.1.2.3']],
  'nothing.corp.example': [],
};

let hexclave: Installation;
let folder: string;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hexclave-network-'));
  hexclave = await createInstallation({ servers: 0 });
  port = connectionOf(hexclave.connectionString).port;
  await hexclave.startServer({
    preload,
    environment: {
      HEXCLAVE_EXTERNAL_DB_SYNC_ALLOW_PRIVATE_HOSTS: '',
      TEST_NAMES: JSON.stringify(NAMES),
      TEST_ROUTES: JSON.stringify({ [PUBLIC]: port }),
      TEST_NETWORK_LOG: join(folder, 'log'),
    },
  });
});

afterAll(async () => {
  await hexclave.close();
  await rm(folder, { recursive: true });
});

const networkLog = async () => (await readFile(join(folder, 'log'), 'utf8')).trim().split('\n');

const HOSTS = [
  ...['localhost', '127.0.0.1', '127.1', '0x7f.1', '0x7f000001', '2130706433', '0177.0.0.1', '127.255.255.254'],
  ...['0.0.0.0', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '169.254.1.1'],
  ...['169.254.169.254', 'metadata.example', '198.18.0.1', '192.0.2.1', '224.0.0.1', '255.255.255.255'],
  ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]'],
  ...['[2002:7f00:1::]', '[fe80::1]', '[fc00::1]', '[fd12:3456::1]', '[ff02::1]', '[2001:db8::1]', '[100::1]'],
];

type State = ShownFailure & { id: string; errorMessage: string | null };

describe('A1 the host of a target is an address that only this machine or its network should reach', () => {
  test('every spelling is refused with the same words, and nothing is connected to', async () => {
    const project = await hexclave.createProject();
    const before = (await networkLog()).filter((line) => line.startsWith('connect')).length;
    const databases = HOSTS.map((host, index) => [
      `host-${index}`,
      {
        type: 'postgres',
        connectionString: `postgresql://u:p@${host}:${port}/postgres?sslmode=disable`,
        schema: `s${index}`,
      },
    ]);
    await project.configure({ 'dbSync.externalDatabases': Object.fromEntries(databases) });
    let states: State[] = [];
    await waitUntil(
      async () => {
        states = await hexclave.db.query<State>(
          `SELECT "externalDatabaseId" AS id, "errorCode", "errorMessage", "errorRemedy" FROM "ExternalDatabaseState"
           WHERE "tenancyId" = $1 AND "errorCode" IS NOT NULL`,
          [project.tenancyId],
        );
        return states.length === HOSTS.length;
      },
      { timeoutMs: 20_000, describe: 'all to be refused' },
    );
    const refused = new Set(
      states.map(({ errorCode, errorMessage, errorRemedy }) => [errorCode, errorMessage, errorRemedy].join()),
    );
    expect(states.filter(({ errorCode }) => errorCode !== 'TARGET_ADDRESS_REFUSED')).toEqual([]);
    expect(refused.size).toBe(1);
    // Only to the internal database, which the operator has named.
    const connected = (await networkLog()).filter((line) => line.startsWith('connect')).slice(before);
    expect(connected.filter((line) => line !== 'connect 127.0.0.1')).toEqual([]);
    expect(await sessionsAs('u')).toBe(0);
  });

  test('a test of a connection says the same of every spelling, and connects to nothing', async () => {
    const before = (await networkLog()).filter((line) => line.startsWith('connect')).length;
    const told = new Set<string>();
    // More than one project may test in a minute.
    const half = Math.ceil(HOSTS.length / 2);
    for (const hosts of [HOSTS.slice(0, half), HOSTS.slice(half)]) {
      const { admin } = await hexclave.createProject();
      const answers = await Promise.all(hosts.map((host) => stepsOf(admin, host)));
      for (const steps of answers) told.add(JSON.stringify(steps.map((step) => ({ ...step, duration_ms: null }))));
    }
    expect([...told]).toHaveLength(1);
    expect([...told][0]).toContain('TARGET_ADDRESS_REFUSED');
    const connected = (await networkLog()).filter((line) => line.startsWith('connect')).slice(before);
    expect(connected.filter((line) => line !== 'connect 127.0.0.1')).toEqual([]);
    expect(await sessionsAs('u')).toBe(0);
  });

  test('nor does a test tell whether a name of the operator’s network exists, by words or by time', async () => {
    const { admin } = await hexclave.createProject();
    const [known, unknown] = await Promise.all(
      ['vault', 'nothing'].map((name) => stepsOf(admin, `${name}.corp.example`)),
    );
    // Timers may be early by a moment.
    for (const steps of [known, unknown]) expect(steps?.[0]?.duration_ms).toBeGreaterThan(490);
    const words = (steps: Step[] = []) => steps.map((step) => ({ ...step, duration_ms: null }));
    expect(words(known)).toEqual(words(unknown));
    expect(known?.[0]).toMatchObject({ step: 'dns', outcome: 'failed', code: 'TARGET_ADDRESS_REFUSED' });
  });

  type Step = { step: string; outcome: string; code: string | null; duration_ms: number | null };

  async function stepsOf(admin: Project['admin'], host: string): Promise<Step[]> {
    const connectionString = `postgresql://u:p@${host}:${port}/postgres?sslmode=disable`;
    const external_database = { type: 'postgres', connectionString };
    return (await succeed(admin.post('/internal/external-db-sync/test-connection', { external_database }))).steps;
  }

  /** The server of the tests would have logged them in, or refused them, as that user: it has never heard of it. */
  async function sessionsAs(user: string): Promise<number> {
    return (await hexclave.db.query('SELECT 1 FROM pg_stat_activity WHERE usename = $1', [user])).length;
  }
});

describe('A2 a name resolves to mixed addresses, or changes after the check', () => {
  test.each(['mixed.example', 'mixed-behind.example'])('%s: refused, also for outgoing requests', async (host) => {
    const project = await hexclave.createProject();
    const log = await networkLog();
    await project.configure({
      [pathOf('main')]: {
        type: 'postgres',
        connectionString: `postgresql://u:p@${host}:${port}/postgres?sslmode=disable`,
      },
    });
    const external = { id: 'main', schema: 'hexclave', tenancyId: project.tenancyId, database: hexclave };
    expect((await project.failed(external)).errorCode).toBe('TARGET_ADDRESS_REFUSED');
    await enqueueRequest(hexclave.db, { url: `http://${host}:${port}/`, maxAttempts: 1 });
    await waitUntil(async () => (await lastErrors(host)).length > 0, { describe: 'the request to be given up' });
    expect(await lastErrors(host)).toEqual(['HTTP_ADDRESS_REFUSED']);
    expect((await networkLog()).slice(log.length).filter((line) => line === `connect ${PUBLIC}`)).toEqual([]);
  });

  async function lastErrors(host: string): Promise<string[]> {
    const rows = await hexclave.db.query<{ code: string }>(
      `SELECT "lastErrorCode" AS code FROM "OutgoingRequest" WHERE "url" LIKE $1 AND "failedAt" IS NOT NULL`,
      [`http://${host}%`],
    );
    return rows.map(({ code }) => code);
  }

  test('the address that was checked is the one connected to; the next session is checked anew', async () => {
    const project = await hexclave.createProject();
    const database = await createEmptyDatabase();
    const url = new URL(database.connectionString);
    url.hostname = 'rebound.example';
    await project.configure({
      [pathOf('main')]: { type: 'postgres', connectionString: `${url.href}?sslmode=disable` },
    });
    const external = { id: 'main', schema: 'hexclave', tenancyId: project.tenancyId, database };
    await addUser(hexclave.db, project.tenancyId);
    await project.converged(external);
    const log = await networkLog();
    expect(log.filter((line) => line === 'lookup rebound.example')).toHaveLength(1);
    expect(log.filter((line) => line === `connect ${PUBLIC}`)).toHaveLength(1);

    await database.db.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hexclave'`,
    );
    await addUser(hexclave.db, project.tenancyId);
    expect((await project.failed(external)).errorCode).toBe('TARGET_ADDRESS_REFUSED');
    expect(await database.db.query('SELECT 1 FROM hexclave.users')).toHaveLength(1);
  });
});
