import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentEnvironment } from '@hexclave/env';
import { readMigrations, SOURCE_DIRECTORY } from '@hexclave/migrations';
import { createTestDatabase } from '@hexclave/testing';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { checkFiles } from './check-files.ts';
import { ROOT } from './repository.ts';

// npm, and a PostgreSQL of its own.
vi.setConfig({ testTimeout: 120_000 });

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'hexclave-sql-')), 'sql');
  onTestFinished(() => rmSync(join(directory, '..'), { recursive: true }));
  cpSync(SOURCE_DIRECTORY, directory, { recursive: true });
});

function npm(script: string, ...args: string[]) {
  return runNpm(['run', '--silent', script, '--', '--directory', directory, ...args]);
}

function runNpm(args: string[], variables: Record<string, string> = {}) {
  const env = { ...currentEnvironment(), ...variables };
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8', env });
  return { status, output: stdout + stderr };
}

function textOf(file: string): string {
  return readFileSync(join(directory, file), 'utf8');
}

test('the project’s own migrations can land', async () => {
  expect(await checkFiles(SOURCE_DIRECTORY, new Map())).toEqual([]);
});

test('a new migration gets the next number, is checked, and lands', async () => {
  const number = String((await readMigrations(directory)).length + 1).padStart(4, '0');
  expect(npm('migrations:new', 'Add invitations')).toMatchObject({ status: 0 });
  const file = `${number}_add_invitations.sql`;
  expect(textOf(file)).toMatch(/^-- compatibility: safe$/m);

  writeFileSync(join(directory, file), `${textOf(file)}ALTER TABLE "Team" ADD COLUMN "invited" int NOT NULL;\n`);
  const { status, output } = npm('migrations:check');
  expect(status).toBe(1);
  expect(output).toContain(`${file} is not in landed.json yet`);
  expect(output).toMatch(/INSERT INTO "Team" fails.*\[new-column-not-null\]/);

  writeFileSync(join(directory, file), textOf(file).replace('NOT NULL', 'NOT NULL DEFAULT 0'));
  expect(npm('migrations:check', '--write')).toMatchObject({ status: 0 });
  expect(Object.keys(JSON.parse(textOf('landed.json')) as object)).toContain(file);
  expect(Object.keys(JSON.parse(textOf('schema.json')) as object)).toContain('column Team.invited');
});

test('a landed file that changed is named, and not written over in the list', () => {
  const before = textOf('landed.json');
  writeFileSync(join(directory, '0007_used_signatures.sql'), `${textOf('0007_used_signatures.sql')}\n`);
  rmSync(join(directory, 'schema.json'));
  const { status, output } = npm('migrations:check', '--write', '--base', 'HEAD');
  expect(status).toBe(1);
  expect(output).toContain('0007_used_signatures.sql has landed and is different here');
  expect(output).toContain('landed.json was left as it is');
  expect(textOf('landed.json')).toBe(before);
  expect(existsSync(join(directory, 'schema.json'))).toBe(false);
});

test('a name that is none is refused', () => {
  expect(npm('migrations:new', '9 lives')).toMatchObject({ status: 1, output: expect.stringContaining('Usage') });
});

test('what a database has is listed, with what is not as the migrations made it', async () => {
  const { db, connectionString } = await createTestDatabase();
  const status = () =>
    runNpm(['run', '--silent', 'migrations:status'], { HEXCLAVE_DATABASE_CONNECTION_STRING: connectionString });
  expect(status()).toMatchObject({ status: 0, output: expect.stringMatching(/^MIGRATION.*\n0001_core +applied /) });
  await db.query('ALTER TABLE "Team" DISABLE TRIGGER "Team_wake_sequencer"');
  const { status: code, output } = status();
  expect(code).toBe(1);
  expect(output).toMatch(/trigger Team\.Team_wake_sequencer is changed\.\n→ Undo what was changed by hand/);
});
