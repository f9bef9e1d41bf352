import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environmentForChild } from '@hexclave/env';
import { createEmptyDatabase, waitUntil } from '@hexclave/testing';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { createFolder, createPlace, type Program, ROOT, runProgram } from '../start/program.ts';

const run = promisify(execFile);
/** Plain JavaScript, so that the build needs nothing but Node.js. */
type Bundler = { bundle(programs: Record<string, string>, outdir: string): Promise<void> };

// Programs that start programs: on a busy machine each takes a while.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

// What the containers run, outside of them: the entrypoint and the real server, over a real database.
let app: string;

beforeAll(async () => {
  app = await createFolder();
  const { bundle } = (await import(join(ROOT, 'scripts/bundle.mjs'))) as Bundler;
  const programs = {
    server: join(ROOT, 'apps/server/src/main.bundle.ts'),
    container: join(ROOT, 'docker/shared/src/main.ts'),
    'emulator-secrets': join(ROOT, 'docker/local-emulator/src/emulator-secrets.ts'),
  };
  await bundle(programs, app);
  await cp(join(ROOT, 'packages/migrations/sql'), join(app, 'migrations'), { recursive: true });
  await cp(join(ROOT, 'docker/shared/entrypoint.sh'), join(app, 'entrypoint.sh'));
  await cp(join(ROOT, 'docker/local-emulator/rotate-secrets.sh'), join(app, 'rotate-secrets.sh'));
});

describe('a local emulator in a container', () => {
  let variables: Record<string, string>;
  let url: string;
  let program: Program;

  beforeAll(async () => {
    const place = await createPlace();
    const { connectionString } = await createEmptyDatabase();
    const home = join(place.directory, 'home');
    await mkdir(home);
    url = `http://127.0.0.1:${place.ports.api}`;
    variables = {
      ...place.variables,
      HEXCLAVE_CONTAINER_APP: app,
      HEXCLAVE_CONTAINER_RUN: join(place.directory, 'run'),
      HEXCLAVE_EMULATOR_HOME: home,
      NODE_ENV: 'development',
      // As a deployment from before the renaming has it.
      STACK_DATABASE_CONNECTION_STRING: connectionString,
      NEXT_PUBLIC_STACK_IS_LOCAL_EMULATOR: 'true',
    };
    await start();
  });

  async function start(): Promise<void> {
    const launcher = `const { spawn } = require('node:child_process');
      const child = spawn(${JSON.stringify(join(app, 'entrypoint.sh'))}, { stdio: 'inherit' });
      process.on('SIGTERM', () => child.kill('SIGTERM'));
      child.on('exit', (code) => process.exit(code ?? 1));`;
    program = runProgram(['-e', launcher], variables);
    await waitUntil(async () => (await fetch(`${url}/health`)).ok, { timeoutMs: 60_000, describe: 'a healthy server' });
  }

  const secretsFile = () => join(variables.HEXCLAVE_EMULATOR_HOME ?? '', 'emulator.env');

  async function adminKey(): Promise<string> {
    const text = await readFile(secretsFile(), 'utf8');
    return /_SUPER_SECRET_ADMIN_KEY=(\w+)/.exec(text)?.[1] ?? '';
  }

  async function statusWith(key: string): Promise<number> {
    const response = await fetch(`${url}/api/v1/internal/projects`, {
      headers: {
        'x-stack-access-type': 'admin',
        'x-stack-project-id': 'internal',
        'x-stack-super-secret-admin-key': key,
      },
    });
    return response.status;
  }

  function rotate(...args: string[]) {
    return run(join(app, 'rotate-secrets.sh'), args, { env: environmentForChild(variables) });
  }

  test('exchanges its keys while it runs, also several times at once: only the last ones count', async () => {
    const before = await adminKey();
    expect(await statusWith(before)).toBe(200);
    await Promise.all([rotate(), rotate(), rotate()]);
    const after = await adminKey();
    expect(after).toMatch(/^[0-9a-f]{64}$/);
    expect([await statusWith(before), await statusWith(after)]).toEqual([401, 200]);
    expect((await stat(secretsFile())).mode & 0o777).toBe(0o600);
  });

  test('refuses anything but 64 hexadecimal digits, without showing it, and nothing changes', async () => {
    const before = await readFile(secretsFile(), 'utf8');
    const from = join(variables.HEXCLAVE_EMULATOR_HOME ?? '', 'given');
    for (const value of ['canary', `${'a'.repeat(63)}g`, 'a'.repeat(65), `${'a'.repeat(64)} `, '']) {
      await writeFile(from, `CRON_SECRET=${value}\n`);
      await expect(rotate('--from', from)).rejects.toMatchObject({
        stderr: expect.stringMatching(/^(?![\s\S]*canary)[\s\S]*CRON_SECRET is not 64 hexadecimal digits/),
      });
    }
    expect(await readFile(secretsFile(), 'utf8')).toBe(before);
    expect(await statusWith(await adminKey())).toBe(200);
  });

  test('ends in order with SIGTERM, and starts again with the keys that it had', async () => {
    const key = await adminKey();
    program.kill('SIGTERM');
    expect(await program.ended()).toBe(0);
    expect(program.output()).not.toContain(key);
    await start();
    expect(await statusWith(key)).toBe(200);
  });
});

test('a server that skips its migrations does not start without them, and says which are missing', async () => {
  const place = await createPlace();
  const { connectionString, db } = await createEmptyDatabase();
  const variables = {
    ...place.variables,
    HEXCLAVE_CONTAINER_APP: app,
    HEXCLAVE_CONTAINER_RUN: join(place.directory, 'run'),
    HEXCLAVE_DATABASE_CONNECTION_STRING: connectionString,
    HEXCLAVE_SERVER_SECRET: 'secret-of-the-server-'.repeat(2),
    CRON_SECRET: 'cron',
    STACK_SKIP_MIGRATIONS: 'true',
  };
  const ended = run(join(app, 'entrypoint.sh'), [], { env: environmentForChild(variables) });
  await expect(ended).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('MIGRATION_PENDING') });
  expect(await db.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
});
