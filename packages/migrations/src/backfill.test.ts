import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createEmptyDatabase, type TestDatabase, waitUntil } from '@hexclave/testing';
import { expect, onTestFinished, test } from 'vitest';
import { migrationFolder, writeMigrations } from './fixtures/folders.ts';
import { type MigrationProgress, migrate } from './index.ts';

const MIGRATE_PROCESS = fileURLToPath(new URL('./fixtures/migrate-process.ts', import.meta.url));
const ROWS = 5_000;
const BIG = `-- compatibility: safe
CREATE TABLE "Big" ("id" bigint PRIMARY KEY, "filled" int NOT NULL DEFAULT 0);
INSERT INTO "Big" SELECT generate_series(1, ${ROWS});
ANALYZE "Big";`;

/** Counts how often each row was filled, so that one that was skipped or done twice shows. */
const FILL = `-- compatibility: safe
-- transaction: batches
-- batch-size: 50
-- table: "Big"
WITH batch AS (
  SELECT b."id" FROM "Big" b WHERE b."id" > COALESCE($1::bigint, 0) ORDER BY b."id" LIMIT $2
), filled AS (
  UPDATE "Big" b SET "filled" = b."filled" + 1 FROM batch WHERE b."id" = batch."id" RETURNING b."id"
)
SELECT max(f."id")::text AS "cursor", count(*) AS "rows" FROM filled f;`;

async function withBigTable(): Promise<{ database: TestDatabase; directory: string }> {
  const database = await createEmptyDatabase();
  const directory = await migrationFolder({ '0001_big.sql': BIG });
  await migrate(database, { directory });
  return { database, directory };
}

function filledCounts(database: TestDatabase): Promise<object[]> {
  return database.db.query('SELECT "filled", count(*)::int AS "rows" FROM "Big" GROUP BY 1');
}

async function progressOf(database: TestDatabase) {
  const [row] = await database.db.query<{ rows: number; batchSize: number; finished: boolean }>(
    `SELECT "rowsDone"::int AS "rows", "batchSize", "finishedAt" IS NOT NULL AS "finished" FROM "SchemaBackfill"`,
  );
  return row;
}

test('a back-fill whose process is killed in the middle goes on where it was, and does every row once', async () => {
  const { database, directory } = await withBigTable();
  await writeMigrations(directory, { '0002_fill.sql': FILL });
  const args = ['--import', import.meta.resolve('tsx'), MIGRATE_PROCESS, database.connectionString, directory];
  const killed = spawn(process.execPath, args, { stdio: 'ignore' });
  onTestFinished(() => void killed.kill('SIGKILL'));
  await waitUntil(async () => ((await progressOf(database))?.rows ?? 0) > 0, {
    timeoutMs: 30_000,
    describe: 'the first batches',
  });
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const left = await progressOf(database);
  expect(left).toMatchObject({ finished: false });
  expect(left?.rows).toBeLessThan(ROWS);

  const progress: MigrationProgress[] = [];
  const { applied } = await migrate(database, { directory, onProgress: (step) => progress.push(step) });
  expect(applied).toEqual(['0002_fill']);
  expect(await filledCounts(database)).toEqual([{ filled: 1, rows: ROWS }]);
  expect(progress).toContainEqual({ phase: 'filling', name: '0002_fill', rows: ROWS, estimatedRows: ROWS });
  expect(await progressOf(database)).toMatchObject({ rows: ROWS, finished: true });
});

test('writers of the table are never kept waiting for longer than a batch', async () => {
  const { database, directory } = await withBigTable();
  await writeMigrations(directory, { '0002_fill.sql': FILL });
  const migrated = migrate(database, { directory });
  let longest = 0;
  let running = true;
  void migrated.then(() => (running = false)).catch(() => (running = false));
  while (running) {
    const started = performance.now();
    await database.db.query('UPDATE "Big" SET "id" = "id" WHERE "id" % 500 = 0');
    longest = Math.max(longest, performance.now() - started);
  }
  await migrated;
  expect(longest).toBeLessThan(1_000);
  expect(await filledCounts(database)).toEqual([{ filled: 1, rows: ROWS }]);
});

test('a batch that takes too long is tried again with half as many rows', async () => {
  const { database, directory } = await withBigTable();
  await database.db.query(`CREATE FUNCTION refuse_many() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      -- As a statement timeout does, without having to wait for one.
      IF (SELECT count(*) FROM changed) > 1500 THEN RAISE query_canceled; END IF;
      RETURN NULL;
    END $$`);
  await database.db.query(`CREATE TRIGGER refuse AFTER UPDATE ON "Big" REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_many()`);
  await writeMigrations(directory, { '0002_fill.sql': FILL.replace('batch-size: 50', 'batch-size: 4000') });
  await migrate(database, { directory });
  expect(await filledCounts(database)).toEqual([{ filled: 1, rows: ROWS }]);
  expect(await progressOf(database)).toMatchObject({ batchSize: 1_000 });
});

test.each([
  ['does not get on', `SELECT 'here' AS "cursor", 1 AS "rows", $1::text, $2::int`, /does not get past here/],
  ['says nothing', `SELECT 1 WHERE $1::text = $2::int::text`, /returned 0 rows/],
  ['says no key', 'SELECT 5 AS "cursor", 1 AS "rows", $1::text, $2::int', /"cursor" is no text/],
])('a statement that %s is stopped', async (_, statement, message) => {
  const { database, directory } = await withBigTable();
  const headers = '-- compatibility: safe\n-- transaction: batches\n';
  await writeMigrations(directory, { '0002_fill.sql': headers + statement });
  await expect(migrate(database, { directory })).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringMatching(message),
  });
});
