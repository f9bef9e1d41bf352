import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { environmentForChild } from '@hexclave/env';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
const GENERATOR = fileURLToPath(new URL('../local-emulator/generate-env-development.mjs', import.meta.url));
const TARGET = 'docker/local-emulator/.env.development';

/** Of the ports; for whoever starts the emulator, so it is not replaced here. */
const PREFIX = '$' + '{NEXT_PUBLIC_STACK_PORT_PREFIX:-81}';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hexclave-env-development-'));
  await mkdir(join(root, 'docker/local-emulator'), { recursive: true });
});

afterEach(() => rm(root, { recursive: true }));

function generate(...args: string[]): Promise<{ stderr: string }> {
  return run(process.execPath, [GENERATOR, '--root', root, ...args], { env: environmentForChild() });
}

async function generated(files: Record<string, string>): Promise<string> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  await generate();
  return readFile(join(root, TARGET), 'utf8');
}

test('older names are read and present ones written; a file that is nearer to development wins', async () => {
  const text = await generated({
    '.env': 'STACK_LOG_LEVEL=warn\nHEXCLAVE_TRUSTED_PROXIES=# a comment\nSTACK_TRUSTED_PROXIES=2\n',
    '.env.development': `NEXT_PUBLIC_STACK_API_URL=http://localhost:${PREFIX}02\nHEXCLAVE_LOG_LEVEL=debug\n`,
  });
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toEqual([
    'HEXCLAVE_DATABASE_CONNECTION_STRING=postgresql://hexclave:hexclave@postgres:5432/hexclave',
    'HEXCLAVE_HOST=0.0.0.0',
    'HEXCLAVE_LOG_LEVEL=debug',
    'HEXCLAVE_TRUSTED_PROXIES=2',
    `NEXT_PUBLIC_HEXCLAVE_API_URL=http://localhost:${PREFIX}02`,
    'NEXT_PUBLIC_HEXCLAVE_IS_LOCAL_EMULATOR=true',
  ]);
});

test('secrets of the apps, and variables that nobody declares, are left out', async () => {
  const text = await generated({ '.env.development': 'HEXCLAVE_SERVER_SECRET=canary\nSTACK_SOMETHING=canary\n' });
  expect(text).not.toContain('canary');
});

test('two names of one file with different values are refused, naming the file', async () => {
  await writeFile(join(root, '.env'), 'HEXCLAVE_LOG_LEVEL=warn\nSTACK_LOG_LEVEL=debug\n');
  await expect(generate()).rejects.toMatchObject({ stderr: expect.stringMatching(/\.env: .*STACK_LOG_LEVEL/) });
});

test('--check tells a file that is out of date, and leaves it', async () => {
  await generated({ '.env.development': 'HEXCLAVE_LOG_LEVEL=warn\n' });
  await generate('--check');
  await writeFile(join(root, '.env.development'), 'HEXCLAVE_LOG_LEVEL=debug\n');
  await expect(generate('--check')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('out of date') });
  expect(await readFile(join(root, TARGET), 'utf8')).toContain('HEXCLAVE_LOG_LEVEL=warn');
});
