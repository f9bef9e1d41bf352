import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { currentEnvironment } from '@hexclave/env';
import { waitUntil } from '@hexclave/testing';
import { expect, test } from 'vitest';
import { createFolder, createPlace, type Program, runProgram, start, type Variables } from '../start/program.ts';
import { blocksOf, ROOT, readPages } from './markdown.ts';

const run = promisify(execFile);
const PAGE = 'docs/first-hour.md';

test('a contributor’s first hour: a column more in a mapping is in the external database after the next start', async () => {
  const place = await createPlace();
  const before = start(place.variables);
  await before.printed('Ctrl-C stops the server');
  await end(before);

  const clone = await cloneInto(await createFolder());
  applyDiff(clone);
  const generated = await run(process.execPath, ['--import', 'tsx', 'scripts/generate-capture.ts'], { cwd: clone });
  expect(generated.stdout).toMatch(/Wrote packages\/migrations\/sql\/\d{4}_capture_triggers\.sql/);

  const after = runProgram([join(clone, 'scripts/start.mjs')], place.variables);
  const output = await after.printed('Ctrl-C stops the server');
  expect(output).toMatch(/Applied migration \d{4}_capture_triggers/);
  await waitUntil(async () => (await lookAtColumn(place.variables)).includes('Z'), { describe: 'a filled column' });
  await end(after);
});

test('the command for an admin key prints one, and nothing else', async () => {
  const { stdout } = await run('npm', ['run', '--silent', 'generate:admin-key'], { cwd: ROOT });
  expect(stdout).toMatch(/^sak_[A-Za-z0-9_-]{40,}\n$/);
});

/** What git would clone, as it is now, with the dependencies that are installed here. */
async function cloneInto(folder: string): Promise<string> {
  const clone = join(folder, 'hexclave');
  const isSource = (path: string) => !['dist', '.hexclave'].includes(basename(path));
  for (const part of ['package.json', 'package-lock.json', 'tsconfig.json', 'scripts', 'packages', 'apps']) {
    cpSync(join(ROOT, part), join(clone, part), { recursive: true, filter: isSource });
  }
  mkdirSync(join(clone, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    const installed = join(ROOT, 'node_modules', name);
    // The links to our own packages are relative: copied, they lead to those of the clone.
    if (name === '@hexclave')
      cpSync(installed, join(clone, 'node_modules', name), { recursive: true, verbatimSymlinks: true });
    else symlinkSync(installed, join(clone, 'node_modules', name));
  }
  return clone;
}

/** The page's own change: lines that are there, with `+` lines after them. */
function applyDiff(clone: string): void {
  const page = readPages().find(({ path }) => path === PAGE);
  const diff = page && blocksOf(page).find(({ language }) => language === 'diff');
  const [header = '', ...lines] = diff?.text.split('\n') ?? [];
  const file = join(clone, header.replace('--- a/', ''));
  const context = lines.filter((line) => line.startsWith(' ')).map((line) => line.slice(1));
  const source = readFileSync(file, 'utf8');
  expect(source).toContain(context.join('\n'));
  writeFileSync(file, source.replace(context.join('\n'), lines.map((line) => line.slice(1)).join('\n')));
}

/** The page's last command. What it prints has a Z once there is a time. */
async function lookAtColumn(variables: Variables): Promise<string> {
  const query = 'SELECT display_name, last_active_at FROM hexclave.users';
  const env = { ...currentEnvironment(), ...variables };
  const asked = run('npm', ['run', '--silent', 'demo:query', '--', query], { cwd: ROOT, env });
  // Until the copy begins there is no such column, which the program says with its exit code.
  return (await asked.catch(() => ({ stdout: '' }))).stdout;
}

async function end(program: Program): Promise<void> {
  program.kill('SIGTERM');
  expect(await program.ended()).toBe(0);
}
