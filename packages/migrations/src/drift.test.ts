import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createEmptyDatabase, createTestDatabase } from '@hexclave/testing';
import { expect, test } from 'vitest';
import { SOURCE_DIRECTORY } from './files.ts';
import { describeSchema, findDrift, SCHEMA_FILE } from './index.ts';

test('schema.json is what the migrations make; if not: npm run migrations:check -- --write', async () => {
  const { db } = await createTestDatabase();
  const written = JSON.parse(await readFile(join(SOURCE_DIRECTORY, SCHEMA_FILE), 'utf8')) as object;
  expect(await describeSchema(db)).toEqual(written);
  expect(await findDrift(db)).toEqual({ comparable: true, drift: [] });
});

test('what somebody changed by hand is named', async () => {
  const { db } = await createTestDatabase();
  await db.query('ALTER TABLE "Team" DISABLE TRIGGER "Team_wake_sequencer"');
  await db.query('DROP TRIGGER "Team_log_deleted_row" ON "Team"');
  await db.query(
    'CREATE TRIGGER "mine" BEFORE INSERT ON "Team" FOR EACH ROW EXECUTE FUNCTION "reset_sequence_id_on_update"()',
  );
  await db.query('ALTER TABLE "Project" ALTER "description" DROP NOT NULL, ADD COLUMN "mine" text');
  await db.query('DROP INDEX "Team_createdAt_idx"');
  await db.query(
    `CREATE OR REPLACE FUNCTION "log_renamed_row_Team"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`,
  );
  expect(await findDrift(db)).toEqual({
    comparable: true,
    drift: [
      { object: 'column Project.description', state: 'changed' },
      { object: 'function log_renamed_row_Team()', state: 'changed' },
      { object: 'index "Team_createdAt_idx"', state: 'missing' },
      { object: 'trigger Team.Team_log_deleted_row', state: 'missing' },
      { object: 'trigger Team.Team_wake_sequencer', state: 'changed' },
      { object: 'trigger Team.mine', state: 'unexpected' },
    ],
  });
});

test('a database that lacks migrations is not compared', async () => {
  const { db } = await createEmptyDatabase();
  expect(await findDrift(db)).toEqual({ comparable: false });
});
