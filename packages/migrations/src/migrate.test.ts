import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createEmptyDatabase, type TestDatabase, waitUntil } from '@hexclave/testing';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { CREATE_ITEM, INDEX_ITEM, migrationFolder, writeMigrations } from './fixtures/folders.ts';
import { assertMigrated, listMigrations, type MigrationProgress, migrate } from './index.ts';

const run = promisify(execFile);
const MIGRATE_PROCESS = fileURLToPath(new URL('./fixtures/migrate-process.ts', import.meta.url));
const THREE = {
  '0001_item.sql': CREATE_ITEM,
  '0002_index.sql': INDEX_ITEM,
  '0003_row.sql': '-- compatibility: safe\nINSERT INTO "Item" VALUES (1, 1);',
};
const NAMES = ['0001_item', '0002_index', '0003_row'];

test('the project’s migrations are applied once and then left alone', async () => {
  const database = await createEmptyDatabase();
  const { applied } = await migrate(database);
  expect(applied[0]).toBe('0001_core');
  expect(await migrate(database)).toEqual({ applied: [] });
  const states = await listMigrations(database.db);
  expect(states.map(({ name, state }) => [name, state])).toEqual(applied.map((name) => [name, 'applied']));
});

test('twenty concurrent starts apply every migration exactly once', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder(THREE);
  const results = await Promise.all(Array.from({ length: 20 }, () => migrate(database, { directory })));
  expect(results.flatMap(({ applied }) => applied).sort()).toEqual(NAMES);
});

test('twenty processes that start at once apply every migration exactly once', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder(THREE);
  const args = ['--import', import.meta.resolve('tsx'), MIGRATE_PROCESS, database.connectionString, directory];
  const results = await Promise.all(Array.from({ length: 20 }, () => run(process.execPath, args)));
  expect(results.flatMap(({ stdout }) => JSON.parse(stdout) as string[]).sort()).toEqual(NAMES);
});

test('a statement that fails names its file and line, and nothing of the migration is kept', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder({
    '0001_item.sql': CREATE_ITEM,
    '0002_bad.sql': '-- compatibility: safe\nINSERT INTO "Item" VALUES (1, 1);\nSELECT missing FROM "Item";',
  });
  await expect(migrate(database, { directory })).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringMatching(/0002_bad\.sql failed at line 3: .*missing.*42703/),
  });
  expect(await database.db.query('SELECT * FROM "Item"')).toEqual([]);
  expect((await listMigrations(database.db, { directory })).map(({ state }) => state)).toEqual(['applied', 'pending']);
});

test('a landed file that changed is refused', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder({ '0001_item.sql': CREATE_ITEM });
  await migrate(database, { directory });
  await writeMigrations(directory, { '0001_item.sql': `${CREATE_ITEM}\n` });
  await expect(migrate(database, { directory })).rejects.toMatchObject({ code: 'MIGRATION_CHANGED' });
});

test.each([
  ['safe', undefined],
  ['breaking', 'MIGRATION_DATABASE_TOO_NEW'],
])('an older version meets a newer migration marked %s', async (compatibility, code) => {
  const database = await createEmptyDatabase();
  const older = await migrationFolder({ '0001_item.sql': CREATE_ITEM });
  const newer = await migrationFolder({
    '0001_item.sql': CREATE_ITEM,
    '0002_later.sql': `-- compatibility: ${compatibility}\nALTER TABLE "Item" ADD "later" int;`,
  });
  await migrate(database, { directory: newer });
  const outcome = await migrate(database, { directory: older }).catch((error: { code: string }) => error.code);
  expect(outcome).toEqual(code ?? { applied: [] });
  expect((await listMigrations(database.db, { directory: older })).at(-1)?.state).toBe('unknown');
});

test('an older version is told which version to deploy, and a running one of before can still read the ledger', async () => {
  const database = await createEmptyDatabase();
  const older = await migrationFolder({ '0001_item.sql': CREATE_ITEM });
  await migrate(database, { directory: older });
  // As it was before versions were noted.
  await database.db.query('ALTER TABLE "SchemaMigration" DROP COLUMN "version"');
  expect((await listMigrations(database.db, { directory: older }))[0]?.applied?.version).toBeNull();
  const newer = await migrationFolder({
    '0001_item.sql': CREATE_ITEM,
    '0002_gone.sql': '-- compatibility: breaking\nALTER TABLE "Item" DROP COLUMN "code";',
  });
  await migrate(database, { directory: newer, version: '3.1.4' });
  const refused = [
    () => migrate(database, { directory: older }),
    () => assertMigrated(database.db, { directory: older }),
  ];
  for (const attempt of refused) {
    await expect(attempt()).rejects.toMatchObject({
      code: 'MIGRATION_DATABASE_TOO_NEW',
      message: expect.stringContaining('0002_gone, applied by Hexclave 3.1.4'),
      remedy: expect.stringContaining('Deploy Hexclave 3.1.4 or newer'),
    });
  }
});

test('an index that was left invalid is built again', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder({ '0001_item.sql': CREATE_ITEM });
  await migrate(database, { directory });
  await database.db.query('INSERT INTO "Item" VALUES (1, 7), (2, 7)');
  await writeMigrations(directory, { '0002_index.sql': INDEX_ITEM });
  await expect(migrate(database, { directory })).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
  expect(await indexValidity(database)).toEqual([{ valid: false }]);

  await database.db.query('DELETE FROM "Item" WHERE "id" = 2');
  expect(await migrate(database, { directory })).toEqual({ applied: ['0002_index'] });
  expect(await indexValidity(database)).toEqual([{ valid: true }]);
});

test('an index build whose connection is cut is started again', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder({ '0001_item.sql': CREATE_ITEM });
  await migrate(database, { directory });
  const reader = await openTransaction(database, 'REPEATABLE READ', 'SELECT * FROM "Item"');
  const writer = await openTransaction(database, 'READ COMMITTED', 'INSERT INTO "Item" VALUES (9, 9)');
  await writeMigrations(directory, { '0002_index.sql': INDEX_ITEM });
  const migrated = migrate(database, { directory });
  await waitUntil(() => terminate(database, 'CREATE UNIQUE INDEX%'), { describe: 'the index build to run' });
  await writer.query('COMMIT');
  await reader.query('COMMIT');
  expect(await migrated).toEqual({ applied: ['0002_index'] });
  expect(await indexValidity(database)).toEqual([{ valid: true }]);
});

test('a migration whose connection is cut in the middle is applied once, whole', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder({
    '0001_item.sql': CREATE_ITEM,
    '0002_slow.sql': '-- compatibility: safe\nINSERT INTO "Item" VALUES (1, 1);\nSELECT pg_sleep(0.5);',
  });
  const migrated = migrate(database, { directory });
  await waitUntil(() => terminate(database, '%pg_sleep(0.5)%'), { describe: 'the slow migration to run' });
  expect(await migrated).toEqual({ applied: ['0001_item', '0002_slow'] });
  expect(await database.db.query('SELECT * FROM "Item"')).toHaveLength(1);
});

test('waiting for a table’s lock gives way to readers, and goes on once the table is free', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder({ '0001_item.sql': CREATE_ITEM });
  await migrate(database, { directory });
  const writer = await openTransaction(database, 'READ COMMITTED', 'INSERT INTO "Item" VALUES (1, 1)');
  await writeMigrations(directory, {
    '0002_column.sql': '-- compatibility: safe\nALTER TABLE "Item" ADD "more" int;',
  });
  const progress: MigrationProgress[] = [];
  const migrated = migrate(database, { directory, onProgress: (step) => progress.push(step) });
  await waitUntil(() => isWaitingForLock(database), { describe: 'the migration to wait for the lock' });
  // Queued behind the migration, so this returns only because the migration steps back.
  expect(await database.db.query('SELECT * FROM "Item"')).toEqual([]);
  await waitUntil(() => progress.some(({ phase }) => phase === 'waiting'), { describe: 'the wait to be told' });
  await writer.query('COMMIT');
  expect(await migrated).toEqual({ applied: ['0002_column'] });
});

test('locks that are never released end the attempt with what to do', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder({ '0001_item.sql': CREATE_ITEM });
  await migrate(database, { directory });
  await openTransaction(database, 'READ COMMITTED', 'INSERT INTO "Item" VALUES (1, 1)');
  await writeMigrations(directory, { '0002_column.sql': '-- compatibility: safe\nALTER TABLE "Item" ADD "more" int;' });
  await expect(migrate(database, { directory, giveUpAfterMs: 0 })).rejects.toMatchObject({
    code: 'MIGRATION_LOCKED_OUT',
    retryable: true,
    remedy: expect.stringContaining('pg_stat_activity'),
  });
});

function indexValidity(database: TestDatabase): Promise<{ valid: boolean }[]> {
  return database.db.query(
    `SELECT indisvalid AS "valid" FROM pg_index WHERE indexrelid = to_regclass('"Item_code_key"')`,
  );
}

/** Ends the backend that runs a statement like this; false while there is none. */
async function terminate(database: TestDatabase, pattern: string): Promise<boolean> {
  const ended = await database.db.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE $1`,
    [pattern],
  );
  return ended.length > 0;
}

async function isWaitingForLock(database: TestDatabase): Promise<boolean> {
  const waiting = await database.db.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return waiting.length > 0;
}

/** A connection with an open transaction, closed after the test. */
async function openTransaction(database: TestDatabase, isolation: string, statement: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
  await client.query(statement);
  return client;
}

test('a server that leaves migrations to others is told how many are missing, and from which on', async () => {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder(THREE);
  await expect(assertMigrated(database.db, { directory })).rejects.toMatchObject({
    code: 'MIGRATION_PENDING',
    message: expect.stringContaining(`lacks 3 of this version’s migrations, beginning with ${NAMES[0]}`),
  });
  await migrate(database, { directory });
  await assertMigrated(database.db, { directory });
});
