import { generateKey } from '@hexclave/server';
import { createEmptyDatabase, fileNeedsMigrations, type TestDatabase, waitUntil } from '@hexclave/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  buildBundle,
  createFolder,
  createPlace,
  type Place,
  type Program,
  runProgram,
  type Variables,
} from './program.ts';

// A start makes keys, which is kept in the audit log, and syncs.
fileNeedsMigrations(['0010_what_a_restore_takes_back', '0011_controls', '0012_status']);

const SECRETS = { HEXCLAVE_SERVER_SECRET: 'canary-server-secret'.repeat(2), CRON_SECRET: 'canary-cron-secret' };

let bundle: string;

beforeAll(async () => {
  // Far from node_modules: the bundle must have everything with it.
  bundle = await buildBundle(await createFolder());
});

function serve(variables: Variables): Program {
  return runProgram(['--enable-source-maps', bundle], variables);
}

test.each(['HEXCLAVE_SERVER_SECRET', 'CRON_SECRET', 'HEXCLAVE_DATABASE_CONNECTION_STRING'])(
  'refuses to start without %s',
  async (missing) => {
    const { variables } = await createPlace();
    const all = { ...variables, ...SECRETS, HEXCLAVE_DATABASE_CONNECTION_STRING: 'postgresql://u@127.0.0.1/hexclave' };
    const given = Object.fromEntries(Object.entries(all).filter(([name]) => name !== missing));
    const program = serve(given);
    expect(await program.ended()).toBe(1);
    expect(program.output()).toContain(`${missing} must be set in production`);
    expect(program.output().match(/must be set/g)).toHaveLength(1);
    expect(program.output()).not.toMatch(/\n\s+at /);
  },
);

test('refuses an admin key that the API would not take, before it touches the database', async () => {
  const { variables } = await createPlace();
  const { db, connectionString } = await createEmptyDatabase();
  const program = serve({
    ...variables,
    ...SECRETS,
    HEXCLAVE_DATABASE_CONNECTION_STRING: connectionString,
    HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY: `${generateKey('admin').slice(0, -1)}!`,
  });
  expect(await program.ended()).toBe(1);
  expect(program.output()).toContain('generate:admin-key');
  expect(await db.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
});

describe('with a database and secrets of its own', () => {
  const key = generateKey('admin');
  let place: Place;
  let database: TestDatabase;
  let program: Program;

  beforeAll(async () => {
    place = await createPlace();
    database = await createEmptyDatabase();
    program = startWithKey(key);
    await isHealthy();
  });

  function startWithKey(adminKey: string): Program {
    return serve({
      ...place.variables,
      ...SECRETS,
      HEXCLAVE_HOST: '127.0.0.1',
      HEXCLAVE_DATABASE_CONNECTION_STRING: database.connectionString,
      HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY: adminKey,
      // What an operator's shell may have for psql; with it, nothing could be written.
      PGOPTIONS: '-c default_transaction_read_only=on',
      PGAPPNAME: 'canary-pgappname',
    });
  }

  async function isHealthy(): Promise<void> {
    await waitUntil(async () => (await fetch(`http://127.0.0.1:${place.ports.api}/health`)).ok, {
      timeoutMs: 30_000,
      describe: 'the server to be healthy',
    });
  }

  async function projectsFor(adminKey: string): Promise<Response> {
    return await fetch(`http://127.0.0.1:${place.ports.api}/api/v1/internal/projects`, {
      headers: {
        'x-hexclave-access-type': 'admin',
        'x-hexclave-project-id': 'internal',
        'x-hexclave-super-secret-admin-key': adminKey,
      },
    });
  }

  test('the given key administers the projects, of which there is no demo', async () => {
    const response = await projectsFor(key);
    expect(response.status).toBe(200);
    const { items } = (await response.json()) as { items: { id: string }[] };
    expect(items.map(({ id }) => id)).toEqual(['internal']);
  });

  test('the dashboard lies beside it, with the licences of what is in it', async () => {
    const dashboard = `http://127.0.0.1:${place.ports.dashboard}`;
    await program.printed('"ready"');
    const page = await (await fetch(dashboard)).text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? '';
    expect((await fetch(dashboard + script)).status).toBe(200);
    expect(await (await fetch(`${dashboard}/licenses.md`)).text()).toContain('react');
  });

  test('nothing secret is printed, every line is JSON, and SIGTERM ends it with exit code 0', async () => {
    program.kill('SIGTERM');
    expect(await program.ended()).toBe(0);
    const lines = program.output().trim().split('\n');
    for (const line of lines.filter((text) => text !== 'Stopping …')) expect(JSON.parse(line)).toHaveProperty('level');
    expect(program.output()).not.toMatch(/canary|(sak|ssk|pck)_/);
    expect(program.output()).not.toContain(new URL(database.connectionString).password);
  });

  test('another key takes the place of the first', async () => {
    const next = generateKey('admin');
    program = startWithKey(next);
    await isHealthy();
    expect((await projectsFor(next)).status).toBe(200);
    expect((await projectsFor(key)).status).toBe(401);
    program.kill('SIGTERM');
    expect(await program.ended()).toBe(0);
  });
});
