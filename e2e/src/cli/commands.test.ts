import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Database } from '@hexclave/db';
import { environmentForChild } from '@hexclave/env';
import { DEMO_PROJECT_ID } from '@hexclave/server';
import {
  atEndOfFile,
  createEmptyDatabase,
  createTestDatabase,
  fileNeedsMigrations,
  programOrSkip,
  startFaultProxy,
  waitUntil,
} from '@hexclave/testing';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type DevelopmentServer, hexclave, startDevelopmentServer } from './command-line.ts';
import { allCommands, shapeOf } from './shapes.ts';
import { inTerminal, SCRIPT } from './terminal.ts';

// A server whose every part is asked for.
fileNeedsMigrations([
  '0009_dashboard_sessions',
  '0010_what_a_restore_takes_back',
  '0011_controls',
  '0012_status',
  '0015_query_profiles',
  '0016_query_profile_statements',
]);

const ZSH = programOrSkip('zsh');
const FISH = programOrSkip('fish');

let server: DevelopmentServer;
/** An external database of the demo project beside the demo one. */
let shop: { readonly db: Database; readonly connectionString: string };
const seen = new Set<string>();

beforeAll(async () => {
  // First, so that it is dropped last: the server is connected to it.
  const database = await createEmptyDatabase();
  server = await startDevelopmentServer();
  shop = { db: database.db, connectionString: `${database.connectionString}?sslmode=disable` };
});

// biome-ignore lint/suspicious/noExplicitAny: what is printed is looked into freely, and every look is an assertion.
type Printed = any;

/** What a command prints with `--json`, which must be what it declares. */
async function shaped(
  name: string,
  args: readonly string[] = [],
  options: Parameters<typeof server.json>[1] = {},
): Promise<Printed> {
  const printed = await server.json([...name.split(' '), ...args], options);
  seen.add(name);
  expect(shapeOf(name).safeParse(printed).error?.issues ?? []).toEqual([]);
  return printed;
}

describe('projects and users', () => {
  test('are created, found, changed and deleted, and show up in the external database', async () => {
    const user = await shaped('users create', [
      '--name',
      'Ada Lovelace',
      '--email',
      'ada@example.com',
      '--server-metadata',
      '{"plan":"pro"}',
    ]);
    expect(user).toMatchObject({ display_name: 'Ada Lovelace', server_metadata: { plan: 'pro' } });
    const withPassword = await shaped('users update', [user.id, '--password-stdin'], { input: 'correct horse\n' });
    expect(withPassword).toMatchObject({ has_password: true, display_name: 'Ada Lovelace' });
    expect(await shaped('users update', [user.id, '--name', 'Ada King'])).toMatchObject({
      display_name: 'Ada King',
      primary_email: 'ada@example.com',
    });
    const [found, listed] = await Promise.all([
      shaped('users get', [user.id]),
      shaped('users list', ['--query', 'ada king']),
    ]);
    expect(found.display_name).toBe('Ada King');
    expect(listed.items.map(({ id }: Printed) => id)).toEqual([user.id]);
    const table = await server.run(['users', 'list', '--query', 'ada']);
    expect(table.stdout).toMatch(
      new RegExp(`^ID +NAME +PRIMARY E-MAIL +SIGNED UP\n${user.id} +Ada King +ada@example.com +\\d{4}-`),
    );
    const refused = await server.run(['users', 'delete', user.id]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(await shaped('users delete', [user.id, '--yes'])).toEqual({ success: true });
    expect(await server.run(['users', 'get', user.id])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('USER_NOT_FOUND'),
    });
  });

  test('of a new project are reached with the keys that it was created with, kept where nobody else can read them', async () => {
    const { project, keys } = await shaped('projects create', ['Second shop', '--save']);
    expect(keys).toBeNull();
    const path = server.variables.HEXCLAVE_CLI_CONFIG_PATH ?? '';
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8')).projects[project.id].secretServerKey).toMatch(/^ssk_/);
    await shaped('users create', ['--project', project.id, '--name', 'Somebody']);
    const [own, other, shown] = await Promise.all([
      shaped('users list', ['-p', project.id]),
      shaped('users list', ['-p', DEMO_PROJECT_ID]),
      shaped('projects show', [project.id]),
    ]);
    expect(own.items).toHaveLength(1);
    expect(other.items.map(({ display_name: name }: Printed) => name)).not.toContain('Somebody');
    expect(shown.display_name).toBe('Second shop');
    expect((await shaped('projects list')).items.map(({ id }: Printed) => id)).toContain(project.id);
    await chmod(path, 0o644);
    expect(await server.run(['users', 'list'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('chmod 600'),
    });
    await chmod(path, 0o600);
    expect(await shaped('projects delete', [project.id, '-y'])).toEqual({ success: true });
    await shaped('projects use', [DEMO_PROJECT_ID]);
    const secret = await server.run(['projects', 'save-key', DEMO_PROJECT_ID, '--stdin'], { input: 'not a key' });
    expect(secret.code).toBe(2);
  });
});

describe('configuration', () => {
  test('is shown, set, edited and taken back, by path', async () => {
    const path = 'dbSync.externalDatabases.demo.deleteMode';
    expect(await shaped('config set', [path, 'soft'])).toEqual({ changed: [path] });
    expect((await server.run(['config', 'get', path])).stdout).toBe('soft\n');
    const edited = await shaped('config edit', ['--yes'], { variables: { EDITOR: 'sed -i s/soft/hard/' } });
    expect(edited.changed).toEqual(['dbSync.externalDatabases.demo']);
    expect(await shaped('config get', [path])).toBe('hard');
    await shaped('config unset', [path]);
    const own = await shaped('config get', ['--own']);
    expect(own.dbSync.externalDatabases.demo).not.toHaveProperty('deleteMode');
    const wrong = await server.run(['config', 'set', 'dbSync.externalDatabases.demo.nope', '1', '--json']);
    expect([wrong.code, JSON.parse(wrong.stderr).error.code]).toEqual([6, 'CONFIG_INVALID']);
    expect((await server.run(['config', 'get', 'no.such.path'])).code).toBe(5);
  });
});

/** What every statement costs, at first as it should be, and then without the key that one of them needs. */
async function profileShop(): Promise<void> {
  const { mappings } = await shaped('db-sync profile', ['shop', '--mapping', 'users']);
  const outcomes = Object.fromEntries(mappings[0].statements.map((one: Printed) => [one.statement, one.outcome]));
  expect(outcomes).toMatchObject({ sequencing: 'measured', fetch: 'measured', apply: 'measured', merge: 'measured' });
  await shop.db.query('ALTER TABLE copy.users DROP CONSTRAINT users_pkey');
  const wrong = await server.run(['db-sync', 'profile', 'shop', '--plan']);
  await shop.db.query('ALTER TABLE copy.users ADD PRIMARY KEY (id)');
  expect(wrong.code).toBe(1);
  expect(wrong.stdout).toMatch(
    /users +fetch +(?:✓ good|! warning) +[\d.]+ ms +[\d.]+ ms +[+−]?[\d,]+ % +[\d.]+ ms +\d+ +[\d.]+ [kM]?B/,
  );
  expect(wrong.stdout).toContain('Noise, and not in colour: less than 2.5 times as much');
  expect(wrong.stdout).toMatch(/users +apply +✗ bad/);
  expect(wrong.stdout).toContain('→ ALTER TABLE "copy"."users" ADD PRIMARY KEY ("id");');
  expect(wrong.stdout).toMatch(/^ +(Index Scan|Seq Scan) on ProjectUser/m);
  expect(wrong.stdout).toContain('Not measured: usual_calls, usual_time.');
}

describe('external databases', () => {
  test('are added after a test, watched over, verified, copied anew, paused and removed', async () => {
    const variables = { SHOP: shop.connectionString };
    expect(await shaped('db-sync add', ['shop', '--from-env', 'SHOP', '--schema', 'copy'], { variables })).toEqual({
      external_database_id: 'shop',
    });
    await waitUntil(async () => (await shop.db.query('SELECT 1 FROM copy.users')).length > 0, {
      timeoutMs: 30_000,
      describe: 'users in the new copy',
    });
    const fresh = async () => (await server.run(['db-sync', 'status', '--check'])).code === 0;
    await waitUntil(fresh, { timeoutMs: 30_000, describe: 'all copies to be fresh' });
    const status = await shaped('db-sync status');
    expect(status.external_databases.map(({ id, state }: Printed) => [id, state])).toEqual(
      expect.arrayContaining([['shop', 'fresh']]),
    );
    const all = await shaped('db-sync status', ['--all']);
    expect(all.items.map(({ project_id: id }: Printed) => id)).toContain(DEMO_PROJECT_ID);
    expect((await shaped('db-sync verify', ['shop', '--repair'])).mappings[0]).toMatchObject({ remaining: 0 });
    await profileShop();
    expect((await shaped('db-sync resync', ['shop', '--mapping', 'users'])).mappings).toEqual(['users']);
    const paused = await shaped('db-sync pause', ['shop', '--reason', 'a test']);
    expect(paused.items).toMatchObject([{ external_database_id: 'shop', reason: 'a test', by: { origin: 'cli' } }]);
    expect((await server.run(['db-sync', 'pause', 'shop'])).code).toBe(2);
    expect((await shaped('db-sync resume', ['shop'])).items).toEqual([]);
    expect(await shaped('db-sync retry', ['shop'])).toHaveProperty('retried');
    expect(await shaped('db-sync enqueue')).toEqual({ queued: true });
    expect((await shaped('db-sync role-sql', ['shop'])).sql).toContain('CREATE ROLE');
    await shaped('db-sync remove', ['shop', '--yes']);
    const log = await shaped('db-sync audit', ['--database', 'shop']);
    expect(log.items.map(({ action }: Printed) => action)).toEqual(
      expect.arrayContaining(['external_database.add', 'external_database.remove']),
    );
  });

  test('whose connection does not work are not saved, and every step says how far it came', async () => {
    const variables = { SHOP: 'postgresql://u:CANARY@127.0.0.1:1/shop?sslmode=disable' };
    const refused = await server.run(['db-sync', 'add', 'nowhere', '--from-env', 'SHOP'], { variables });
    expect(refused).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/✓ DNS[\s\S]*✗ TCP[\s\S]*– TLS[\s\S]*Not saved/),
    });
    expect(refused.stderr).not.toContain('CANARY');
    const steps = await shaped('db-sync test-connection', ['--stdin'], { input: variables.SHOP, code: 1 });
    expect(steps.steps.find(({ step }: Printed) => step === 'tcp')).toMatchObject({ outcome: 'failed' });
    expect(await shaped('db-sync test-connection', ['demo'])).toMatchObject({ ok: true });
  });

  test('are tested before your eyes: steps are shown while the sign-in is still held back', async () => {
    const url = new URL(shop.connectionString);
    const proxy = await startFaultProxy(Number(url.port));
    onTestFinished(() => proxy.close());
    const reached = proxy.strike('application_name', 'hold');
    url.port = String(proxy.port);
    const variables = { ...server.variables, SHOP: url.href };
    const testing = watchFor(['db-sync', 'test-connection', '--from-env', 'SHOP'], () => false, variables);
    await Promise.all([reached, testing.first]);
    await waitUntil(() => testing.output().includes('– TLS'), { describe: 'the steps before the sign-in' });
    expect(testing.output()).toMatch(/^✓ DNS.*\n✓ TCP.*\n– TLS.*\n$/);
    proxy.calm();
    expect(await testing.text).toMatch(/✓ sign-in[\s\S]*✓ round trip.*\n$/);
    expect(await testing.code).toBe(0);
  });

  test('have switches, which the operator flips with a reason', async () => {
    const off = await shaped('db-sync fusebox off', ['poller', '--reason', 'a test']);
    expect(off.poller).toMatchObject({
      enabled: false,
      changed: { reason: 'a test', by: { kind: 'operator', origin: 'cli' } },
    });
    expect((await server.run(['db-sync', 'status'])).stdout).toContain('Switched off by the operator: poller');
    expect((await shaped('doctor')).checks).toContainEqual(
      expect.objectContaining({ name: 'fusebox', outcome: 'warn' }),
    );
    expect((await shaped('db-sync fusebox on', ['all', '-r', 'done'])).poller.enabled).toBe(true);
    expect((await shaped('db-sync fusebox show')).poller.enabled).toBe(true);
  });
});

describe('watching', () => {
  test('in a pipe prints a line for each change, and as JSON each message', async () => {
    const watching = watchFor(['db-sync', 'watch'], (text) => text.split('demo').length > 2);
    const messages = watchFor(['db-sync', 'watch', '--json'], (text) => text.includes('"change"'));
    await Promise.all([watching.first, messages.first]);
    await shaped('users create', ['--name', 'Watched']);
    expect(await watching.text).toMatch(/ UTC {2}demo {2}fresh {2}0 behind {2}all changes up to .* UTC/);
    const lines = (await messages.text)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Printed);
    expect(lines[0]).toMatchObject({ type: 'snapshot', data: { project_id: DEMO_PROJECT_ID } });
  });

  test('goes on by itself when the server was started anew', async () => {
    const typesOf = (text: string) => [...text.matchAll(/^\{"type":"(\w+)"/gm)].map(([, type]) => type);
    const isBack = (text: string) => typesOf(text).lastIndexOf('snapshot') > typesOf(text).indexOf('disconnected');
    const watching = watchFor(
      ['db-sync', 'watch', '--json'],
      (text) => text.includes('"disconnected"') && isBack(text),
    );
    await watching.first;
    await server.restart();
    const types = typesOf(await watching.text);
    expect(types[0]).toBe('snapshot');
    expect(types.indexOf('disconnected')).toBeGreaterThan(0);
    expect(types.at(-1)).toBe('snapshot');
  });

  test.skipIf(SCRIPT.skip)('in a terminal is a live picture, which p holds and q ends', async () => {
    const terminal = inTerminal(server.program, ['db-sync', 'watch'], server.variables);
    await terminal.shows(/live[\s\S]*demo[\s\S]*fresh[\s\S]*rate[\s\S]*backlog[\s\S]*lag[\s\S]*users/);
    await shaped('users create', ['--name', 'Watched too']);
    await terminal.shows(/\d\/s/);
    terminal.type('p');
    await terminal.shows(/held/);
    terminal.type('q');
    expect(await terminal.ended()).toBe(0);
  });

  test.skipIf(SCRIPT.skip)('asks for secrets without showing them, and for names before it destroys', async () => {
    const terminal = inTerminal(server.program, ['db-sync', 'test-connection'], server.variables);
    await terminal.shows(/not shown/);
    terminal.type('postgresql://u:CANARY@127.0.0.1:1/shop?sslmode=disable\r');
    await terminal.shows(/✗/);
    expect(await terminal.ended()).toBe(1);
    expect(terminal.output()).not.toContain('CANARY');
    const removal = inTerminal(server.program, ['db-sync', 'remove', 'demo'], server.variables);
    await removal.shows(/Type demo to confirm/);
    removal.type('dem\r');
    expect(await removal.ended()).toBe(130);
    expect(await shaped('config get', ['dbSync.externalDatabases'])).toHaveProperty('demo');
  });
});

/** Runs until what it prints is enough, then interrupts it. `first`: resolves with its first output. */
function watchFor(args: readonly string[], isEnough: (text: string) => boolean, variables = server.variables) {
  const child = execFile(process.execPath, [server.program, ...args], { env: environmentForChild(variables) });
  let output = '';
  let onFirst = () => {};
  const first = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  child.stdout?.on('data', (chunk: string) => {
    output += chunk;
    onFirst();
    if (isEnough(output)) child.kill('SIGINT');
  });
  atEndOfFile(async () => {
    child.kill('SIGKILL');
  });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { first, output: () => output, code, text: code.then(() => output) };
}

describe('the doctor', () => {
  test('finds nothing wrong here, and says what to do where no server runs', async () => {
    const well = await shaped('doctor');
    const outcomes = Object.fromEntries(well.checks.map(({ name, outcome }: Printed) => [name, outcome]));
    expect(outcomes).toMatchObject({
      'Node.js': 'ok',
      database: 'ok',
      migrations: 'ok',
      server: 'ok',
      pipeline: 'ok',
      'copy demo': 'ok',
    });
    const elsewhere = await hexclave(['doctor'], {
      program: server.program,
      variables: {
        HEXCLAVE_API_URL: 'http://127.0.0.1:1',
        HEXCLAVE_DATABASE_CONNECTION_STRING: 'postgresql://u@127.0.0.1:1/x',
      },
    });
    expect(elsewhere).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/✗ database[\s\S]*→[\s\S]*✗ server[\s\S]*→ Start the server/),
    });
  });

  test('migrations are listed, and applied again without harm', async () => {
    const { applied, migrations, drift } = await shaped('migrate', ['--list']);
    expect([applied, drift]).toEqual([[], []]);
    expect(migrations.every(({ state }: Printed) => state === 'applied')).toBe(true);
    expect((await shaped('migrate')).applied).toEqual([]);
  });

  test('a database that was changed by hand is told with what is different', async () => {
    const { db, connectionString } = await createTestDatabase();
    await db.query('ALTER TABLE "Team" DISABLE TRIGGER "Team_wake_sequencer"');
    const variables = { NODE_ENV: 'production', HEXCLAVE_DATABASE_CONNECTION_STRING: connectionString };
    const run = { program: server.program, variables };
    const { code, stdout } = await hexclave(['migrate', '--list'], run);
    expect(code).toBe(1);
    expect(stdout).toMatch(/trigger Team\.Team_wake_sequencer is changed\.\n→ Undo what was changed by hand/);
    const told = await hexclave(['migrate', '--list', '--json'], run);
    expect(JSON.parse(told.stdout)).toMatchObject({
      drift: [{ object: 'trigger Team.Team_wake_sequencer', state: 'changed' }],
    });
  });
});

describe('completion', () => {
  test('in bash offers commands, options, choices, and names that only the server knows', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hexclave-completion-'));
    await symlink(server.program, join(folder, 'hexclave'));
    const completed = async (...words: string[]) => {
      const script = `eval "$(hexclave completion bash)"; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _hexclave; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const env = environmentForChild(server.variables);
      const { stdout } = await promisify(execFile)('bash', ['-euc', script], {
        env: { ...env, PATH: `${folder}:${env.PATH}` },
      });
      return stdout.trim().split('\n');
    };
    const [commands, nested, options, choices] = await Promise.all([
      completed('hexclave', ''),
      completed('hexclave', 'db-sync', 'ver'),
      completed('hexclave', 'db-sync', 'verify', '--rep'),
      completed('hexclave', 'db-sync', 'status', '--state', 'f'),
    ]);
    expect(commands).toEqual(expect.arrayContaining(['users', 'config']));
    expect([nested, options, choices]).toEqual([['verify'], ['--repair'], ['fresh', 'failing']]);
    // The server has a moment to answer, or there are no names: nobody is kept waiting while typing.
    const names = async () => (await completed('hexclave', 'db-sync', 'verify', 'd')).join() === 'demo';
    await waitUntil(names, { timeoutMs: 30_000, describe: 'the names of external databases to be offered' });
  });

  test.skipIf(ZSH.skip)('in zsh offers the same', async () => {
    // What zsh itself does with the candidates is left out: they are printed instead.
    const script = `compdef() { :; }; _describe() { print -rl -- "\${(@P)2}"; }
      eval "$(hexclave completion zsh)"; words=(hexclave db-sync verify --rep); CURRENT=4; _hexclave
      words=(hexclave db-sync ver); CURRENT=3; _hexclave`;
    expect(await inShell('zsh', ['-fec', script])).toMatch(/^--repair:.+\nverify:.+\n$/);
  });

  test.skipIf(FISH.skip)('in fish offers the same', async () => {
    const script = `hexclave completion fish | source
      complete -C 'hexclave db-sync verify --rep'; complete -C 'hexclave db-sync ver'`;
    expect(await inShell('fish', ['--no-config', '-c', script])).toMatch(/^--repair\t.+\nverify\t.+\n$/);
  });

  test.each([
    ['bash', ['-n'], { skip: false }],
    ['zsh', ['-n'], ZSH],
    ['fish', ['--no-execute'], FISH],
  ] as const)('for %s can be read by it without a complaint', async (shell, options, { skip }) => {
    if (skip) return;
    const { script } = await shaped('completion', [shell]);
    const file = join(await mkdtemp(join(tmpdir(), 'hexclave-completion-')), shell);
    await writeFile(file, script);
    expect(await promisify(execFile)(shell, [...options, file])).toMatchObject({ stderr: '' });
  });

  async function inShell(shell: string, args: string[]): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'hexclave-completion-'));
    await symlink(server.program, join(folder, 'hexclave'));
    const env = environmentForChild(server.variables);
    return (await promisify(execFile)(shell, args, { env: { ...env, PATH: `${folder}:${env.PATH}` } })).stdout;
  }

  test.each(['bash', 'zsh', 'fish'])('for %s is a script', async (shell) => {
    const { script } = await shaped('completion', [shell]);
    expect(script).toContain('__complete');
    const path = join(await mkdtemp(join(tmpdir(), 'hexclave-completion-')), 'script');
    await writeFile(path, script);
    const checked = await promisify(execFile)(shell, [shell === 'fish' ? '--no-execute' : '-n', path]).catch(
      (error) => error,
    );
    expect([undefined, 'ENOENT']).toContain((checked as NodeJS.ErrnoException).code);
  });
});

test('every command that prints JSON was run, and printed what it declares', () => {
  const elsewhere = /^(start|dev|emulator|env|db-sync watch|projects save-key)/;
  const declared = [...allCommands().keys()].filter((name) => !elsewhere.test(name));
  expect(declared.filter((name) => !seen.has(name))).toEqual([]);
});
