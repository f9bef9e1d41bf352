import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMigration, readMigrations } from './files.ts';
import { migrationFolder } from './fixtures/folders.ts';
import { createdIndex, splitStatements } from './statements.ts';

const SAFE = '-- compatibility: safe\nSELECT 1;';
const FILL = '-- compatibility: safe\n-- transaction: batches\n';
const BESIDE = '-- compatibility: safe\n-- transaction: none\n';

test('the project’s own migrations are well-formed', async () => {
  const { SOURCE_DIRECTORY } = await import('./files.ts');
  expect((await readMigrations(SOURCE_DIRECTORY))[0]?.name).toBe('0001_core');
});

test.each([
  ['a gap in the numbers', { '0001_a.sql': SAFE, '0003_b.sql': SAFE }],
  ['a number used twice', { '0001_a.sql': SAFE, '0001_b.sql': SAFE }],
  ['a name without a number', { 'a.sql': SAFE }],
  ['no compatibility', { '0001_a.sql': 'SELECT 1;' }],
  ['an unknown compatibility', { '0001_a.sql': '-- compatibility: maybe\nSELECT 1;' }],
  ['a header below the first statement', { '0001_a.sql': 'SELECT 1;\n-- compatibility: safe\n' }],
  ['an ordinary statement without a transaction', { '0001_a.sql': `-- transaction: none\n${SAFE}` }],
  ['a back-fill of two statements', { '0001_a.sql': `-- transaction: batches\n${SAFE}SELECT $1, $2;` }],
  ['a back-fill that does not ask where it is', { '0001_a.sql': `-- transaction: batches\n${SAFE}` }],
  ['a back-fill of no rows at a time', { '0001_a.sql': `${FILL}-- batch-size: 0\nSELECT $1, $2;` }],
  ['a back-fill of so many rows that it is no number', { '0001_a.sql': `${FILL}-- batch-size: 1e3\nSELECT $1, $2;` }],
  ['an index without a name', { '0001_a.sql': `${BESIDE}CREATE INDEX CONCURRENTLY ON t (a);` }],
  ['an index that can be dropped only once', { '0001_a.sql': `${BESIDE}DROP INDEX CONCURRENTLY a;` }],
  ['nothing at all', {}],
] as [string, Record<string, string>][])('a folder with %s is refused', async (_, files) => {
  await expect(readMigrations(await migrationFolder(files))).rejects.toMatchObject({ code: 'MIGRATION_FILES_INVALID' });
});

test('line endings do not change the digest', () => {
  const unix = parseMigration('0001_a.sql', SAFE);
  expect(parseMigration('0001_a.sql', SAFE.replaceAll('\n', '\r\n'))).toEqual(unix);
});

test('semicolons within strings, names, dollar quotes and comments end nothing', () => {
  const sql = `SELECT ';''' ; SELECT ";" -- ; no\n; /* ; */ DO $x$ a; $$ b; $x$; SELECT $1; `;
  expect(splitStatements(sql)).toEqual([`SELECT ';'''`, 'SELECT ";"', 'DO $x$ a; $$ b; $x$', 'SELECT $1']);
});

test('statements joined by semicolons come apart again', () => {
  const statement = fc
    .array(fc.constantFrom('a', ' b', "'x;y'", '"q;""r"', '$$;$$', '$t$;$$;$t$', '(', '\n'), { minLength: 1 })
    .map((parts) => parts.join(' ').trim())
    .filter((text) => text !== '');
  fc.assert(
    fc.property(fc.array(statement), (statements) => {
      expect(splitStatements(statements.join(';\n'))).toEqual(statements);
    }),
  );
});

test.each([
  ['CREATE INDEX CONCURRENTLY IF NOT EXISTS "A b" ON t (x)', '"A b"'],
  ['create unique index concurrently plain on t (x)', 'plain'],
  ['CREATE INDEX CONCURRENTLY ON t (x)', undefined],
  ['DROP INDEX CONCURRENTLY "A"', undefined],
])('the index created by %j is %j', (statement, index) => {
  expect(createdIndex(statement)).toBe(index);
});
