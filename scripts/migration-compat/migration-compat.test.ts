import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentEnvironment } from '@hexclave/env';
import { waitUntil } from '@hexclave/testing/wait-until';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { git, ROOT } from '../migrations/repository.ts';
import { createRepository, type Repository, removeRepository } from './fixtures/repository.ts';

// Programs that start programs: on a busy machine each takes a while.
vi.setConfig({ testTimeout: 240_000 });

const MAIN = join(ROOT, 'scripts/migration-compat/main.ts');
const SQL = 'packages/migrations/sql';
const SAFE = '-- compatibility: safe\n';

/** The program of the base: it knows orders by their number, and writes what it knows. */
const BASE = {
  [`${SQL}/0001_order.sql`]: `${SAFE}CREATE TABLE "Order" ("id" int PRIMARY KEY, "number" text NOT NULL, "note" text);\n`,
  'app/order.ts': `
export async function addOrder(db, id) {
  await db.query('INSERT INTO "Order" ("id", "number", "note") VALUES ($1, $2, $3)', [id, 'A-' + id, 'new']);
}
export function listOrders(db) {
  return db.query('SELECT "number", "note" FROM "Order" ORDER BY "id"');
}`,
  'app/order.test.ts': `
import { createTestDatabase } from '@hexclave/testing';
import { expect, test } from 'vitest';
import { addOrder, listOrders } from './order.ts';
test.concurrent('an order that was added is listed', async () => {
  const { db } = await createTestDatabase();
  await expect(db.query('SELECT wrong_on_purpose')).rejects.toThrow();
  await addOrder(db, 1);
  expect(await listOrders(db)).toEqual([{ number: 'A-1', note: 'new' }]);
});`,
  'app/pure.test.ts': `
import { test } from 'vitest';
test.concurrent('of no database', () => { throw new Error('must not be run'); });`,
};

function migration(name: string, sql: string, headers = SAFE): Record<string, string> {
  return { [`${SQL}/${name}.sql`]: `${headers}${sql}\n` };
}

let repository: Repository;
let folder: string;
beforeAll(() => {
  repository = createRepository(BASE);
  folder = mkdtempSync(join(tmpdir(), 'hexclave-fixtures-'));
  // Entered by the unprivileged user that PostgreSQL runs as when the tests are run by root.
  chmodSync(folder, 0o711);
});
afterAll(() => {
  removeRepository(repository);
  rmSync(folder, { recursive: true, force: true });
});

type Run = { child: ChildProcess; output: () => string; ended: Promise<number> };

/** Runs the program on a branch, in a clone and with temporary files of its own; it must leave neither behind. */
async function run(
  branch: string,
  options: readonly string[],
  meanwhile: (run: Run) => Promise<unknown>,
): Promise<number> {
  const clone = join(folder, branch);
  const temporary = join(folder, `${branch}-tmp`);
  mkdirSync(temporary);
  git(repository.path, 'clone', '--quiet', '--branch', branch, repository.path, clone);
  const args = ['--import', import.meta.resolve('tsx'), MAIN, '--base', 'origin/base', '--mode', ...options];
  const env = { ...currentEnvironment(), TMPDIR: temporary };
  const child = spawn(process.execPath, args, { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const ended = once(child, 'close').then(([code]) => code as number);
  await meanwhile({ child, output: () => output, ended });
  const code = await ended;
  expect(git(clone, 'worktree', 'list')?.split('\n')).toHaveLength(1);
  expect(readdirSync(temporary).filter((name) => name.startsWith('hexclave-compat-'))).toEqual([]);
  return code;
}

async function compare(branch: string, ...options: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const code = await run(branch, options, async (running) => {
    await running.ended;
    output = running.output();
  });
  return { code, output };
}

describe('what old servers cannot live with is found before it is merged', () => {
  test.concurrent.each([
    {
      trap: 'a dropped column',
      sql: 'ALTER TABLE "Order" DROP COLUMN "note";',
      query: /first failing query: INSERT INTO "Order".*\n.*column "note".*42703/,
    },
    {
      trap: 'a renamed table',
      sql: 'ALTER TABLE "Order" RENAME TO "Purchase";',
      query: /first failing query: INSERT INTO "Order".*\n.*relation "Order" does not exist.*42P01/,
    },
    {
      trap: 'a NOT NULL without default',
      sql: 'ALTER TABLE "Order" ADD COLUMN "total" int NOT NULL;',
      query: /first failing query: INSERT INTO "Order".*\n.*null value in column "total".*23502/,
    },
    {
      trap: 'a changed type',
      sql: 'ALTER TABLE "Order" ALTER COLUMN "number" TYPE int USING 0;',
      query: /first failing query: INSERT INTO "Order".*\n.*invalid input syntax for type integer: "A-1".*22P02/,
    },
  ])('$trap', async ({ trap, sql, query }) => {
    const branch = trap.replaceAll(' ', '-').toLowerCase();
    repository.branch(branch, migration('0002_trap', sql));
    const { code, output } = await compare(branch, 'back');
    expect(output).toMatch(/✗ Old servers on the new schema \(back-compat\): 0002_trap\.sql breaks them/);
    expect(output).toMatch(query);
    expect(output).toContain('app/order.test.ts > an order that was added is listed');
    expect(code).toBe(1);
  });
});

const NEEDS_COLUMN = `
import { createTestDatabase, needsMigration } from '@hexclave/testing';
import { expect, test } from 'vitest';
test.skipIf(needsMigration('0003_total').skip)('an order has a total', async () => {
  const { db } = await createTestDatabase();
  await db.query('INSERT INTO "Order" VALUES (1, $1, NULL, 5)', ['x']);
  expect(await db.query('SELECT "total" FROM "Order"')).toEqual([{ total: 5 }]);
});`;

/** All that it loads needs the column. */
const NEEDS_AT_ITS_TOP = `
import { createTestDatabase, fileNeedsMigrations } from '@hexclave/testing';
import { expect, test } from 'vitest';
fileNeedsMigrations(['0003_total']);
const { db } = await createTestDatabase();
test('orders have totals', async () => expect(await db.query('SELECT "total" FROM "Order"')).toEqual([]));`;

/** Passes only where it has failed before. */
const UNSTEADY = `
import { existsSync, writeFileSync } from 'node:fs';
import { createTestDatabase } from '@hexclave/testing';
import { expect, test } from 'vitest';
test('now and then', async () => {
  await createTestDatabase();
  const before = existsSync('failed-before');
  writeFileSync('failed-before', '');
  expect(before).toBe(true);
});`;

const ADDITIONS = {
  ...migration(
    '0002_index',
    '-- transaction: none\nCREATE INDEX CONCURRENTLY "Order_number_idx" ON "Order" ("number");',
  ),
  ...migration('0003_total', 'ALTER TABLE "Order" ADD COLUMN "total" int;'),
};

test.concurrent('a safe addition passes both ways, with declared tests of what it adds', async () => {
  const tests = { 'app/total.test.ts': NEEDS_COLUMN, 'app/totals.test.ts': NEEDS_AT_ITS_TOP };
  repository.branch('safe', { ...ADDITIONS, ...tests });
  const { code, output } = await compare('safe', 'both');
  expect(output).toContain('✓ Old servers on the new schema (back-compat): 1 tests in 1 files pass.');
  expect(output).toContain('✓ New servers on the old schema (forward-compat): 1 tests in 2 files pass.');
  expect(output).toContain('left out, as they declare that they need 0003_total: 1 files');
  expect(code).toBe(0);
});

test.concurrent('code that needs one of several new migrations without saying so is found, and which one', async () => {
  const undeclared = NEEDS_COLUMN.replace(".skipIf(needsMigration('0003_total').skip)", '');
  const others = { 'app/unsteady.test.ts': UNSTEADY, 'app/totals.test.ts': undeclared };
  repository.branch('undeclared', { ...ADDITIONS, ...others, 'app/total.test.ts': undeclared });
  const { code, output } = await compare('undeclared', 'forward', 'app/total.test.ts', 'unsteady');
  expect(output).toMatch(/✗ New servers on the old schema \(forward-compat\): they need 0003_total\.sql/);
  expect(output).toMatch(/first failing query: INSERT INTO "Order" VALUES/);
  // What fails now and then is run again before a migration is blamed for it; what is not named is not run at all.
  expect(output).toMatch(/✗ app\/unsteady[\s\S]*✓ app\/unsteady/);
  expect(output.split('✗ New servers')[1]).not.toContain('unsteady');
  expect(output).not.toContain('app/totals');
  expect(code).toBe(1);
});

test.concurrent('tests that fail anyway say nothing about migrations', async () => {
  const broken = BASE['app/order.test.ts'].replace("note: 'new'", "note: 'old'");
  repository.branch('broken', { ...ADDITIONS, 'app/order.test.ts': broken });
  const { code, output } = await compare('broken', 'forward');
  expect(output).toMatch(/✗ .*no verdict\. The same test files fail without that/);
  expect(code).toBe(1);
});

test.concurrent('what is marked as breaking is not run under old code, and a landed file that changed is refused', async () => {
  const drop = migration('0002_drop', 'ALTER TABLE "Order" DROP COLUMN "note";', '-- compatibility: breaking\n');
  repository.branch('breaking', drop);
  const { code, output } = await compare('breaking', 'back');
  expect(output).toMatch(/! .*0002_drop is marked as breaking, so old servers refuse to run/);
  expect(code).toBe(0);

  repository.branch('changed', { [`${SQL}/0001_order.sql`]: `${SAFE}CREATE TABLE "Order" ("id" int);\n` });
  const changed = await compare('changed', 'both');
  expect(changed.output).toContain('0001_order.sql has landed and is different here');
  expect(changed.code).toBe(1);
});

test.concurrent('without a changed migration it skips itself and says so', async () => {
  repository.branch('other', { 'app/other.ts': 'export const other = 1;' });
  const { code, output } = await compare('other', 'both');
  expect(output).toBe('No migration changed, so there is nothing to run.\n');
  expect(code).toBe(0);
});

test.concurrent('Ctrl-C ends the tests and leaves no worktree behind', async () => {
  const hanging = BASE['app/order.test.ts'].replace('await addOrder(db, 1);', 'await new Promise(() => undefined);');
  repository.branch('hanging', { ...ADDITIONS, 'app/order.test.ts': hanging });
  const code = await run('hanging', ['forward'], async ({ child, output, ended }) => {
    const isTesting = () => output().includes('forward-compat: 1 test files');
    await waitUntil(isTesting, { timeoutMs: 30_000, describe: 'the tests to run' });
    child.kill('SIGINT');
    await ended;
    expect(output()).toContain('Stopped.');
  });
  expect(code).toBe(130);
});
