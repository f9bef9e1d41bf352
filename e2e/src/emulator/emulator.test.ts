import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '@hexclave/embedded-postgres';
import { environmentForChild } from '@hexclave/env';
import { atEndOfFile, waitUntil } from '@hexclave/testing';
import { StackServerApp } from '@stackframe/js';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type Ended, HEXCLAVE, hexclave } from '../cli/command-line.ts';
import { createPlace, type Place, ROOT } from '../start/program.ts';

// Programs that start programs: on a busy machine each takes a while.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

type Status = {
  state: string;
  pid: number | null;
  api_url: string | null;
  secrets_file: string;
  keys: { secret_server_key: string; super_secret_admin_key: string; publishable_client_key: string } | null;
};

/** An emulator in a folder and on ports of its own, which is gone at the end whatever happens. */
async function emulatorPlace() {
  const place = await createPlace();
  const home = join(place.directory, 'emulator');
  const variables = { ...variablesOf(place), HEXCLAVE_EMULATOR_HOME: home };
  const emulator = (...args: string[]): Promise<Ended> => hexclave(['emulator', ...args], { variables });
  atEndOfFile(async () => {
    await emulator('reset', '--yes');
  });
  const status = async (): Promise<Status> =>
    JSON.parse((await emulator('status', '--show-keys', '--json')).stdout) as Status;
  return { home, emulator, status, variables };
}

function variablesOf({ variables }: Place): Record<string, string> {
  return {
    NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX: variables.NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX ?? '',
    // Meant for another server: an emulator must not touch it.
    HEXCLAVE_DATABASE_CONNECTION_STRING: 'postgresql://canary:canary@127.0.0.1:1/production',
  };
}

type Emulator = Awaited<ReturnType<typeof emulatorPlace>>;

function clientOf({ api_url: baseUrl, keys }: Status): StackServerApp {
  return new StackServerApp({
    projectId: 'internal',
    baseUrl: baseUrl ?? '',
    publishableClientKey: keys?.publishable_client_key ?? '',
    secretServerKey: keys?.secret_server_key ?? '',
    tokenStore: 'memory',
  });
}

async function statusWith({ api_url: url }: Status, keys: Status['keys']): Promise<number> {
  const response = await fetch(`${url}/api/v1/internal/projects`, {
    headers: {
      'x-hexclave-access-type': 'admin',
      'x-hexclave-project-id': 'internal',
      'x-hexclave-super-secret-admin-key': keys?.super_secret_admin_key ?? '',
    },
  });
  return response.status;
}

function pidOf({ pid, state }: Status): number {
  // 0 would mean this very process and all its relatives.
  if (pid === null) throw new Error(`The emulator has no process: it is ${state}`);
  return pid;
}

describe('an emulator', () => {
  let place: Emulator;
  let running: Status;

  beforeAll(async () => {
    place = await emulatorPlace();
    const [one, other] = await Promise.all([place.emulator('start'), place.emulator('start')]);
    expect([one.stderr, one.code, other.code]).toEqual([expect.any(String), 0, 0]);
    running = await place.status();
  });

  test('is started once, also by two at once, and says where it is and how to sign in, without its keys', async () => {
    const { stdout, code } = await place.emulator('status');
    expect(code).toBe(0);
    expect(stdout).toContain(running.api_url);
    expect(stdout).toContain('Sign in to the dashboard');
    expect(stdout).not.toContain(running.keys?.super_secret_admin_key);
    const again = await place.emulator('start');
    expect(again.stdout).toContain('runs already');
    expect((await place.status()).pid).toBe(running.pid);
  });

  test('serves a real client', async () => {
    await clientOf(running).createUser({ displayName: 'Ada', primaryEmail: 'ada@example.com' });
    const users = await clientOf(running).listUsers();
    expect(users.map(({ displayName }) => displayName)).toEqual(['Ada']);
  });

  test('keeps its secrets for its owner only, and out of its log', async () => {
    for (const name of ['emulator.env', 'emulator.log']) {
      expect((await stat(join(place.home, name))).mode & 0o777).toBe(0o600);
    }
    const log = await readFile(join(place.home, 'emulator.log'), 'utf8');
    for (const key of Object.values(running.keys ?? {})) expect(log).not.toContain(key);
    expect(log).not.toContain('canary');
  });

  test('exchanges its keys: old ones are refused, new ones work, and the data stays', async () => {
    const { code, stderr } = await place.emulator('rotate-secrets');
    expect([code, stderr]).toEqual([0, '']);
    const rotated = await place.status();
    expect(await statusWith(rotated, running.keys)).toBe(401);
    expect(await statusWith(rotated, rotated.keys)).toBe(200);
    expect(await clientOf(rotated).listUsers()).toHaveLength(1);
  });

  test('that is killed, with its keys exchanged halfway, starts again with those of its file', async () => {
    const before = await place.status();
    process.kill(pidOf(before), 'SIGKILL');
    await waitUntil(() => !isAlive(pidOf(before)), { describe: 'the server to be gone' });
    expect((await place.emulator('status')).code).toBe(1);
    // As a rotation leaves it that was killed after it had written the file.
    const text = await readFile(before.secrets_file, 'utf8');
    await writeFile(
      before.secrets_file,
      text.replaceAll(/=[0-9a-f]/g, (found) => (found === '=a' ? '=b' : '=a')),
    );
    expect(await place.emulator('start')).toMatchObject({ code: 0 });
    const after = await place.status();
    expect(after.keys).not.toEqual(before.keys);
    expect([await statusWith(after, after.keys), await statusWith(after, before.keys)]).toEqual([200, 401]);
  });

  test('goes on starting when the command that started it is killed', async () => {
    expect(await place.emulator('stop')).toMatchObject({ code: 0 });
    const command = spawn(process.execPath, [HEXCLAVE, 'emulator', 'start'], {
      cwd: ROOT,
      env: environmentForChild(place.variables),
      stdio: 'ignore',
    });
    await waitUntil(() => existsSync(join(place.home, 'emulator.json')), { timeoutMs: 60_000, describe: 'a server' });
    command.kill('SIGKILL');
    await once(command, 'close');
    expect((await place.emulator('start')).code).toBe(0);
    expect((await place.status()).state).toBe('running');
  });

  test('is stopped, and a reset leaves nothing', async () => {
    const pid = pidOf(await place.status());
    expect(await place.emulator('stop')).toMatchObject({ code: 0, stdout: 'The emulator is stopped.\n' });
    expect(isAlive(pid)).toBe(false);
    expect(await place.emulator('stop')).toMatchObject({ code: 0, stdout: 'The emulator was not running.\n' });
    // Nobody is there to be asked.
    expect((await place.emulator('reset')).code).toBe(2);
    expect(await readdir(place.home)).not.toEqual([]);
    expect(await place.emulator('reset', '--yes')).toMatchObject({ code: 0 });
    expect(await readdir(place.home)).toEqual([]);
  });
});

test('a given key that is not 64 hexadecimal digits is refused, and not shown', async () => {
  const { variables, home } = await emulatorPlace();
  const ended = await hexclave(['emulator', 'start'], { variables: { ...variables, CRON_SECRET: 'canary-secret' } });
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain('CRON_SECRET is not 64 hexadecimal digits');
  expect(ended.stderr).not.toContain('canary-secret');
  expect(await readdir(home)).toEqual([]);
});
