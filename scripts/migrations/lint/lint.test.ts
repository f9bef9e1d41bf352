import { parseMigration, readMigrations, SOURCE_DIRECTORY } from '@hexclave/migrations';
import { expect, test } from 'vitest';
import { LANDED_EXCEPTIONS } from './exceptions.ts';
import { describeFinding, lintMigration } from './index.ts';

const SAFE = '-- compatibility: safe\n';

async function rulesAgainst(sql: string, headers = SAFE): Promise<string[]> {
  const findings = await lintMigration(parseMigration('0009_x.sql', headers + sql));
  return findings.map(({ rule }) => rule);
}

test.each([
  ['CREATE INDEX x ON "User" (a)', 'index-locks-writers'],
  ['DROP INDEX x', 'index-locks-writers'],
  ['ALTER TABLE "User" ALTER a SET NOT NULL', 'not-null-scans'],
  ['ALTER TABLE "User" ADD COLUMN a int NOT NULL', 'new-column-not-null'],
  ['ALTER TABLE "User" ADD COLUMN a uuid NOT NULL DEFAULT gen_random_uuid()', 'volatile-default'],
  ['ALTER TABLE "User" ADD COLUMN a timestamptz DEFAULT clock_timestamp()', 'volatile-default'],
  ['ALTER TABLE "User" ADD COLUMN a bigserial', 'rewrites-table'],
  ['ALTER TABLE "User" ADD COLUMN a int GENERATED ALWAYS AS (b + 1) STORED', 'rewrites-table'],
  ['ALTER TABLE "User" SET UNLOGGED', 'rewrites-table'],
  ['ALTER TABLE "User" ALTER a TYPE bigint', 'type-change'],
  ['ALTER TABLE "User" RENAME TO "Person"', 'rename'],
  ['ALTER TABLE "User" RENAME COLUMN a TO b', 'rename'],
  ['ALTER TABLE "User" DROP COLUMN a', 'drop'],
  ['DROP TABLE "User"', 'drop'],
  ['DROP FUNCTION f', 'drop'],
  ['ALTER TABLE "User" ADD CONSTRAINT x CHECK (a > 0)', 'constraint-scans'],
  ['ALTER TABLE "User" ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES b', 'constraint-scans'],
  ['ALTER TABLE "User" ADD COLUMN a int REFERENCES b', 'constraint-scans'],
  ['ALTER TABLE "User" ADD UNIQUE (a)', 'unique-scans'],
  ['ALTER TABLE "User" ADD PRIMARY KEY (a)', 'unique-scans'],
  ['UPDATE "User" SET a = 1', 'whole-table-write'],
  ['DELETE FROM "User"', 'whole-table-write'],
  ['WITH gone AS (DELETE FROM "User" RETURNING a) SELECT count(*) FROM gone', 'whole-table-write'],
  ['MERGE INTO "User" u USING b ON u.a = b.a WHEN MATCHED THEN DELETE', 'whole-table-write'],
  [
    'ALTER TABLE "User" ADD CONSTRAINT x CHECK (a > 0) NOT VALID; ALTER TABLE "User" VALIDATE CONSTRAINT x',
    'constraint-scans',
  ],
  ['LOCK TABLE "User"', 'explicit-lock'],
  ['TRUNCATE "User"', 'explicit-lock'],
  ['REINDEX TABLE "User"', 'explicit-lock'],
  ['VACUUM FULL "User"', 'explicit-lock'],
  ['REFRESH MATERIALIZED VIEW v', 'explicit-lock'],
  ['SET LOCAL lock_timeout = 0', 'lock-timeout'],
  [`SET lock_timeout = '1min'`, 'lock-timeout'],
  ['COMMIT', 'ends-transaction'],
])('%s is a trap: %s', async (sql, rule) => {
  expect(await rulesAgainst(sql)).toEqual([rule]);
});

test.each([
  'CREATE TABLE "New" (a int NOT NULL); CREATE INDEX ON "New" (a); ALTER TABLE "New" ADD UNIQUE (a); UPDATE "New" SET a = 1',
  'CREATE TABLE "New" AS SELECT 1 AS a; ALTER TABLE "New" ALTER a SET NOT NULL',
  'ALTER TABLE "User" ADD COLUMN a int',
  `ALTER TABLE "User" ADD COLUMN a text NOT NULL DEFAULT 'x', ADD COLUMN b timestamptz NOT NULL DEFAULT now()`,
  'ALTER TABLE "User" ADD CONSTRAINT x CHECK (a > 0) NOT VALID',
  'ALTER TABLE "User" VALIDATE CONSTRAINT x',
  'ALTER TABLE "User" ADD CONSTRAINT x UNIQUE USING INDEX y',
  `SET LOCAL lock_timeout = '2s'`,
  `CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM "User"; END`,
  `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE "User" SET a = 1; END $$`,
])('%s is none', async (sql) => {
  expect(await rulesAgainst(sql)).toEqual([]);
});

test('indexes CONCURRENTLY, and rows written in batches, are none', async () => {
  const concurrently =
    'CREATE INDEX CONCURRENTLY x ON "User" (a); DROP INDEX CONCURRENTLY IF EXISTS y; REINDEX TABLE CONCURRENTLY z;';
  expect(await rulesAgainst(concurrently, `${SAFE}-- transaction: none\n`)).toEqual([]);
  const batch =
    'WITH b AS (SELECT a FROM "User" WHERE a > $1::int LIMIT $2) UPDATE "User" u SET c = 1 FROM b WHERE b.a = u.a';
  expect(await rulesAgainst(batch, `${SAFE}-- transaction: batches\n`)).toEqual([]);
});

test('what is marked as breaking may drop and rename, and still not keep everybody waiting', async () => {
  const breaking = '-- compatibility: breaking\n';
  expect(await rulesAgainst('ALTER TABLE "User" DROP COLUMN a; ALTER TABLE "User" RENAME b TO c;', breaking)).toEqual(
    [],
  );
  expect(await rulesAgainst('ALTER TABLE "User" ALTER a SET NOT NULL', breaking)).toEqual(['not-null-scans']);
  expect(await rulesAgainst('DROP INDEX x', breaking)).toEqual(['index-locks-writers']);
});

test('an exception needs a reason', async () => {
  const update = 'UPDATE "Setting" SET a = 1';
  expect(await rulesAgainst(update, `${SAFE}-- lint-allow: whole-table-write it has one row\n`)).toEqual([]);
  expect(await rulesAgainst(update, `${SAFE}-- lint-allow: whole-table-write\n`)).toEqual(['whole-table-write']);
  expect(await rulesAgainst(update, `${SAFE}-- lint-allow: rename it has one row\n`)).toEqual(['whole-table-write']);
});

test('a finding says where, what happens and what to write instead', async () => {
  const [finding] = await lintMigration(
    parseMigration(
      '0009_x.sql',
      `${SAFE}-- ü: two bytes\nSELECT 1;\n\n-- why\nALTER TABLE "User"\n  ALTER a TYPE bigint;`,
    ),
  );
  expect(finding && describeFinding(finding)).toMatch(
    /^0009_x\.sql:6: .*old type of "a".*\[type-change\]\n {2}→ Add a column of the new type/,
  );
});

test('exceptions of landed files are still needed, and have a reason', async () => {
  const files = await readMigrations(SOURCE_DIRECTORY);
  for (const [name, rules] of Object.entries(LANDED_EXCEPTIONS)) {
    const file = files.find((candidate) => candidate.name === name);
    expect(file, name).toBeDefined();
    const found = file && (await lintMigration({ ...file, name: 'without_exceptions' }));
    for (const [rule, why] of Object.entries(rules)) {
      expect(
        found?.map((finding) => finding.rule),
        name,
      ).toContain(rule);
      expect(why.length).toBeGreaterThan(20);
    }
  }
});
