import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hexclave } from './command-line.ts';
import { shapeOf } from './shapes.ts';

const SECRET = 'canary-'.repeat(8);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hexclave-env-'));
});

afterEach(() => rm(folder, { recursive: true }));

const pathOf = (name: string) => join(folder, name);

async function json(args: string[], code = 0): Promise<unknown> {
  const ended = await hexclave([...args, '--json']);
  expect(ended, ended.stderr).toMatchObject({ code });
  const printed = JSON.parse(ended.stdout) as unknown;
  expect(shapeOf(args.slice(0, 2).join(' ')).safeParse(printed).error?.issues ?? []).toEqual([]);
  return printed;
}

test('a user’s own files are explained, and no secret is shown', async () => {
  await writeFile(pathOf('.env'), 'HEXCLAVE_LOG_LEVEL=info\n');
  await writeFile(pathOf('.env.local'), `STACK_LOG_LEVEL=warn\nSTACK_SERVER_SECRET=${SECRET}\nHEXCLAVE_HOTS=a\n`);
  const { code, stdout } = await hexclave(['env', 'check', folder]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/HEXCLAVE_LOG_LEVEL +warn +\.env\.local, as STACK_LOG_LEVEL +\.env\.local comes before \.env/);
  expect(stdout).toContain('Did you mean HEXCLAVE_HOST?');
  expect(stdout).not.toContain('canary');
  expect(await json(['env', 'check', folder, '--strict'], 1)).toMatchObject({
    mode: 'development',
    files: ['.env.local', '.env'],
  });
});

test('a contradiction ends with 1, and one file can be looked at alone', async () => {
  await writeFile(pathOf('.env.production'), 'STACK_HOST=a\nHEXCLAVE_HOST=b\n');
  expect((await hexclave(['env', 'check', folder])).code).toBe(0);
  expect((await hexclave(['env', 'check', folder, '--mode', 'production'])).code).toBe(1);
  expect((await hexclave(['env', 'check', pathOf('.env.production')])).code).toBe(1);
  expect((await hexclave(['env', 'check', pathOf('missing')])).code).toBe(5);
});

test('a file is migrated once somebody agrees, with its permissions, through a link', async () => {
  const before = `# mine\nSTACK_SERVER_SECRET='${SECRET}' # from the vault\n\nSTACK_OF_OTHERS=1\n`;
  const after = before.replace('STACK_SERVER', 'HEXCLAVE_SERVER');
  await writeFile(pathOf('real'), before);
  await chmod(pathOf('real'), 0o640);
  await symlink('real', pathOf('.env.local'));
  const asked = await hexclave(['env', 'migrate', pathOf('.env.local')]);
  expect(asked.code).toBe(1);
  expect(asked.stdout).toContain('+ HEXCLAVE_SERVER_SECRET=…');
  expect(asked.stdout).not.toContain('canary');
  expect(await readFile(pathOf('real'), 'utf8')).toBe(before);

  expect(await json(['env', 'migrate', pathOf('.env.local'), '--yes'])).toMatchObject({ written: true });
  expect(await readFile(pathOf('real'), 'utf8')).toBe(after);
  expect((await stat(pathOf('real'))).mode & 0o777).toBe(0o640);
  expect(await json(['env', 'migrate', pathOf('.env.local'), '--yes'])).toMatchObject({ written: false, changes: [] });
});

test('what nobody can decide is left as it is', async () => {
  await writeFile(pathOf('.env'), 'STACK_HOST=a\nHEXCLAVE_HOST=b\n');
  const { code, stdout } = await hexclave(['env', 'migrate', pathOf('.env'), '--yes']);
  expect(code).toBe(1);
  expect(stdout).toContain('contradicts itself; nothing was changed');
  expect(await readFile(pathOf('.env'), 'utf8')).toBe('STACK_HOST=a\nHEXCLAVE_HOST=b\n');
});

test('a file that is no text is left alone', async () => {
  await writeFile(pathOf('.env'), Buffer.from([0x53, 0xff, 0xfe]));
  expect((await hexclave(['env', 'migrate', pathOf('.env'), '--yes'])).code).toBe(6);
});
