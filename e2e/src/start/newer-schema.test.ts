import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate, readMigrations, SOURCE_DIRECTORY } from '@hexclave/migrations';
import { generateKey } from '@hexclave/server';
import { createTestDatabase, fileNeedsMigrations, type TestDatabase, waitUntil } from '@hexclave/testing';
import { beforeAll, expect, test } from 'vitest';
import { buildBundle, createFolder, createPlace, type Place, type Program, runProgram } from './program.ts';

// Servers tell of themselves, and ask about newer migrations then.
fileNeedsMigrations(['0010_what_a_restore_takes_back', '0011_controls', '0012_status']);

/** A newer version is deployed while this one runs. */
const NEWER = '99.0.0';
const CRON_SECRET = 'cron-secret';
/** A heartbeat or a look at the health, and a stop in order. */
const ENDS_WITHIN_MS = 30_000;

let bundle: string;
beforeAll(async () => {
  bundle = await buildBundle(await createFolder());
});

type Server = Program & { place: Place };

async function serve({ connectionString }: TestDatabase, variables: Record<string, string> = {}): Promise<Server> {
  const place = await createPlace();
  const program = runProgram(['--enable-source-maps', bundle], {
    ...place.variables,
    HEXCLAVE_SERVER_SECRET: 'server-secret'.repeat(3),
    CRON_SECRET,
    HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY: generateKey('admin'),
    HEXCLAVE_HOST: '127.0.0.1',
    HEXCLAVE_DATABASE_CONNECTION_STRING: connectionString,
    ...variables,
  });
  const server = { ...program, place };
  await program.printed('"ready"');
  return server;
}

function urlOf({ place }: Server): string {
  return `http://127.0.0.1:${place.ports.api}`;
}

function isHealthy(server: Server): Promise<boolean> {
  return fetch(`${urlOf(server)}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

const SAFE = '-- compatibility: safe\nALTER TABLE "Team" ADD COLUMN "newer" int;';
const BREAKING = '-- compatibility: breaking\nALTER TABLE "Team" RENAME COLUMN "newer" TO "newest";';
const BREAKING_HEARTBEATS = '-- compatibility: breaking\nDROP TABLE "PipelineProcess";';

/** Applies these after all that this version has. Returns the name of the last. */
async function deploy(database: TestDatabase, ...added: string[]): Promise<string | undefined> {
  const directory = await createFolder();
  await cp(SOURCE_DIRECTORY, directory, { recursive: true });
  const { length } = await readMigrations(SOURCE_DIRECTORY);
  for (const [index, sql] of added.entries())
    await writeFile(join(directory, `${String(length + index + 1).padStart(4, '0')}_newer.sql`), sql);
  const { applied } = await migrate(database, { directory, version: NEWER });
  return applied.at(-1);
}

/** Resolves once a server has told of itself after now. */
async function heartbeat({ db }: TestDatabase): Promise<void> {
  const [start] = await db.query<{ now: string }>('SELECT now()::text AS "now"');
  const seen = async () =>
    (await db.query('SELECT 1 FROM "PipelineProcess" p WHERE p."seenAt" > $1', [start?.now])).length > 0;
  await waitUntil(seen, { timeoutMs: 30_000, describe: 'a heartbeat' });
}

async function expectEnd(server: Server, migration: string | undefined): Promise<void> {
  const started = performance.now();
  expect(await server.ended(), server.output()).toBe(1);
  expect(performance.now() - started).toBeLessThan(ENDS_WITHIN_MS);
  const told = server
    .output()
    .split('\n')
    .filter((line) => line.includes('MIGRATION_DATABASE_TOO_NEW'));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(`has the migration ${migration}, applied by Hexclave ${NEWER}`);
  expect(told[0]).toContain(`Deploy Hexclave ${NEWER} or newer`);
}

test.concurrent('servers that run go on after a safe migration, and end by themselves after a breaking one', async () => {
  const database = await createTestDatabase();
  const withoutLoops = { HEXCLAVE_EXTERNAL_DB_SYNC_RUN_LOOPS: 'false' };
  const servers = await Promise.all([serve(database), serve(database, withoutLoops), serve(database, withoutLoops)]);
  const [driving, asked, called] = servers;
  await deploy(database, SAFE);
  await heartbeat(database);
  expect(await Promise.all([isHealthy(driving), isHealthy(asked), callSequencer(called)])).toEqual([true, true, 200]);

  const migration = await deploy(database, SAFE, BREAKING);
  // These two have no heartbeat: one is asked for its health, the other for work.
  const refuses = async () => [503, 'ended'].includes(await callSequencer(called));
  await Promise.all([
    waitUntil(async () => !(await isHealthy(asked)), { timeoutMs: ENDS_WITHIN_MS, describe: 'it to be unhealthy' }),
    waitUntil(refuses, { timeoutMs: ENDS_WITHIN_MS, describe: 'a call to be refused' }),
  ]);
  await Promise.all(servers.map((server) => expectEnd(server, migration)));

  const again = await serve(database).catch((error: Error) => error.message);
  expect(again).toContain('MIGRATION_DATABASE_TOO_NEW');
});

test.concurrent('a server whose heartbeat itself fails on the newer schema ends as well', async () => {
  const database = await createTestDatabase();
  const server = await serve(database);
  await heartbeat(database);
  await expectEnd(server, await deploy(database, BREAKING_HEARTBEATS));
});

async function callSequencer(server: Server): Promise<number | 'ended'> {
  return fetch(`${urlOf(server)}/api/v1/internal/external-db-sync/sequencer?maxDurationMs=1000`, {
    headers: { authorization: `Bearer ${CRON_SECRET}` },
  }).then(
    ({ status }) => status,
    () => 'ended',
  );
}
