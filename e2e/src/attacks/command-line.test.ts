import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleCommandLine, type Ended, hexclave } from '../cli/command-line.ts';
import { createFolder } from '../start/program.ts';
import { apiClient, succeed } from '../support/api-client.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';

const CANARY = 'C4NARYc4naryC4NARYc4nary';
const ESCAPES = '\u001b]0;owned\u0007\u001b[2J\u009b31m';

let server: ApiServer;
let program: string;
let configPath: string;

beforeAll(async () => {
  [server, program] = await Promise.all([startApiServer(), bundleCommandLine()]);
  configPath = join(await createFolder(), 'cli.json');
});

const run = (...args: string[]): Promise<Ended> =>
  hexclave(args, {
    program,
    variables: {
      HEXCLAVE_API_URL: server.url,
      HEXCLAVE_PROJECT_ID: server.keys.demo.projectId,
      HEXCLAVE_SECRET_SERVER_KEY: server.keys.demo.secretServerKey,
      HEXCLAVE_CLI_CONFIG_PATH: configPath,
    },
  });

describe('A18 secrets in arguments of the command line', () => {
  test.each(
    [
      ['users', 'list', '--query', `sak_${CANARY}`],
      ['projects', 'save-key', 'internal', `ssk_${CANARY}`],
      ['db-sync', 'add', 'main', `postgresql://hexclave:${CANARY}@db.example.com/shop`],
      [
        'config',
        'set',
        'dbSync.externalDatabases.main.connectionString',
        `postgresql://db.example.com/shop?password=${CANARY}`,
      ],
      ['config', 'set', 'dbSync.externalDatabases.main', `{"password": "${CANARY}"}`],
      ['users', 'create', `--password=${CANARY}`],
      ['users', 'create', '--password', CANARY],
      ['db-sync', 'status', '--admin-key', CANARY],
    ].map((args) => ({ args })),
  )('are refused before anything is done, not repeated, and told how to do right: $args', async ({ args }) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^✗ Argument \d looks like .*\n→ Give secrets in one of these ways:/);
    expect(stderr).toMatch(/HEXCLAVE_SECRET_SERVER_KEY[\s\S]*--from-env[\s\S]*--stdin/);
    expect(stderr).not.toContain(CANARY);
    expect(server.logs()).not.toContain(CANARY);
  });

  test('connection strings without a password are none, but have no place there either', async () => {
    const path = 'dbSync.externalDatabases.main.connectionString';
    const { code, stderr } = await run('config', 'set', path, 'postgresql://db.example.com/shop');
    expect([code, stderr]).toEqual([2, expect.stringContaining('--from-env')]);
  });
});

describe('A18 terminal escapes in what a server says', () => {
  test('names are shown with what would command the terminal made visible, and are exact as JSON', async () => {
    // The API refuses control characters in names; a raw SQL statement, or another server, does not.
    const { id } = await succeed(apiClient(server, 'server').post('/users', { display_name: 'Mallory' }));
    const name = `Mallory ${ESCAPES}\u202egnp.exe`;
    await server.testDatabase.db.query('UPDATE "ProjectUser" SET "displayName" = $2 WHERE "projectUserId" = $1', [
      id,
      name,
    ]);
    const [listed, shown, json] = await Promise.all([
      run('users', 'list'),
      run('users', 'get', id),
      run('users', 'get', id, '--json'),
    ]);
    for (const { stdout } of [listed, shown, json]) {
      expect(withoutLineBreaks(stdout)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
    expect(listed.stdout).toContain('Mallory \\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{9b}31m\\u{202e}gnp.exe');
    expect(JSON.parse(json.stdout).display_name).toBe(name);
  });

  test('neither are escapes in arguments printed', async () => {
    for (const args of [
      ['users', 'get', ESCAPES],
      ['users', ESCAPES],
      ['config', 'get', '--limit', ESCAPES],
    ]) {
      const { code, stderr } = await run(...args);
      expect(code).not.toBe(0);
      expect(withoutLineBreaks(stderr)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });
});

function withoutLineBreaks(text: string): string {
  return text.replaceAll('\n', ' ');
}
