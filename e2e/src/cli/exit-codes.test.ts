import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT_CODES } from '@hexclave/cli';
import { environmentForChild } from '@hexclave/env';
import { generateKey } from '@hexclave/server';
import { hostileServer } from '@hexclave/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { createFolder, ROOT } from '../start/program.ts';
import { apiClient, succeed } from '../support/api-client.ts';
import { startApiServer } from '../support/api-server.ts';
import { bundleCommandLine } from './command-line.ts';

const UNREACHABLE = 'postgresql://somebody:pass@127.0.0.1:1/none?sslmode=disable';
/** A fault of the program, at a place that nobody has thought of: where it writes times. */
const BREAK = `Date.prototype.toISOString = () => { throw new RangeError('broken'); }`;

type Case = { args: string[]; variables?: Record<string, string>; stopWhen?: Promise<unknown> };

let program: string;
let variables: Record<string, string>;
let folder: string;
let silent: { port: number; asked: Promise<void> };

beforeAll(async () => {
  const [server, bundled] = await Promise.all([startApiServer(), bundleCommandLine()]);
  program = bundled;
  folder = await createFolder();
  await writeFile(join(folder, '.env.production'), 'STACK_HOST=a\nHEXCLAVE_HOST=b\n');
  const { projectId, secretServerKey, superSecretAdminKey } = server.keys.demo;
  variables = {
    HEXCLAVE_API_URL: server.url,
    HEXCLAVE_PROJECT_ID: projectId,
    HEXCLAVE_SECRET_SERVER_KEY: secretServerKey,
    HEXCLAVE_SUPER_SECRET_ADMIN_KEY: superSecretAdminKey,
    HEXCLAVE_CLI_CONFIG_PATH: join(folder, 'cli.json'),
  };
  // Something to profile, in a database that is not there.
  const admin = apiClient(server, 'admin');
  const change = { 'dbSync.externalDatabases.main': { type: 'postgres', connectionString: UNREACHABLE } };
  await succeed(
    admin.patch('/internal/config/override/environment', { config_override_string: JSON.stringify(change) }),
  );
  await succeed(admin.post('/users', { display_name: 'Somebody' }));
  await server.testDatabase.db.query('SELECT "numbered" FROM "backfill_null_sequence_ids"(10)');
  silent = await neverAnswers();
});

async function neverAnswers(): Promise<{ port: number; asked: Promise<void> }> {
  let tell: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { port: await hostileServer((socket) => socket.once('data', tell)), asked };
}

/** Runs a command to its end; one that is ended by Ctrl-C itself has the code that shells give it. */
async function exitOf({ args, variables: own, stopWhen }: Case): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: ROOT,
    env: environmentForChild({ ...variables, ...own }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  void stopWhen?.then(() => child.kill('SIGINT'));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code: signal === 'SIGINT' ? EXIT_CODES.interrupted.code : code, stderr };
}

/** One that lacks an exit code does not compile. */
const CASES: Record<keyof typeof EXIT_CODES, () => Case> = {
  done: () => ({ args: ['users', 'list'] }),
  found: () => ({ args: ['env', 'check', join(folder, '.env.production')] }),
  usage: () => ({ args: ['users', 'delete'] }),
  settings: () => ({ args: ['users', 'list'], variables: { HEXCLAVE_API_URL: 'nowhere' } }),
  access: () => ({ args: ['users', 'list'], variables: { HEXCLAVE_SECRET_SERVER_KEY: generateKey('server') } }),
  missing: () => ({ args: ['users', 'get', randomUUID()] }),
  refused: () => ({ args: ['config', 'set', 'dbSync.externalDatabases.other', '{"type":"none"}'] }),
  unavailable: () => ({ args: ['users', 'list'], variables: { HEXCLAVE_API_URL: 'http://127.0.0.1:1' } }),
  unfinished: () => ({ args: ['db-sync', 'profile', 'main', '--mapping', 'users'] }),
  bug: () => ({
    args: ['users', 'list'],
    variables: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(BREAK)}` },
  }),
  interrupted: () => ({
    args: ['users', 'list'],
    variables: { HEXCLAVE_API_URL: `http://127.0.0.1:${silent.port}` },
    stopWhen: silent.asked,
  }),
};

describe('a command ends with the code that is documented:', () => {
  test.concurrent.each(Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[])('%s', async (name) => {
    const { code, stderr } = await exitOf(CASES[name]());
    expect(code, stderr).toBe(EXIT_CODES[name].code);
  });

  test('no other is', async () => {
    const page = await readFile(join(ROOT, 'docs/reference/cli.md'), 'utf8');
    const section = page.slice(page.indexOf('\n## Exit codes'), page.indexOf('\n## Options of all commands'));
    const documented = [...section.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, meaning]) => [
      Number(code),
      meaning,
    ]);
    expect(documented).toEqual(Object.values(EXIT_CODES).map(({ code, meaning }) => [code, meaning]));
  });
});
