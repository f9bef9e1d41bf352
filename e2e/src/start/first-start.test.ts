import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createDatabase, type Database } from '@hexclave/db';
import { createEmptyDatabase, fileNeedsMigrations, waitUntil } from '@hexclave/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Announcement, argumentsOf, readAnnouncement, sendCurl } from './announcement.ts';
import { createPlace, type Place, type Program, start } from './program.ts';

// A start makes keys, which is kept in the audit log, and syncs.
fileNeedsMigrations(['0010_what_a_restore_takes_back', '0011_controls', '0012_status']);

const READY = 'Ctrl-C stops the server';

describe('a new user starts the server, uses it, and starts it again', () => {
  let place: Place;
  let program: Program;
  let told: Announcement;

  beforeAll(async () => {
    place = await createPlace();
    program = start(place.variables);
    told = readAnnouncement(await program.printed(READY));
  });

  test('the addresses it names answer', async () => {
    const answers = await Promise.all(
      [told.docsUrl, told.openApiUrl, `${told.apiUrl}/health`].map((url) => fetch(url)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await answers[1]?.json()).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) });
  });

  test('the link that it prints opens the dashboard, signed in', async () => {
    const link = new URL(/http\S+\/sign-in#\S+/.exec(program.output())?.[0] ?? '');
    const page = await fetch(link);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const session = await fetch(new URL('/session/link', link), {
      method: 'POST',
      headers: { origin: link.origin, 'content-type': 'application/json' },
      body: JSON.stringify({ token: link.hash.slice(1) }),
    });
    expect(await session.json()).toMatchObject({ project_id: 'internal', is_operator: true });
  });

  test('the user that the printed curl creates is read by the printed psql', async () => {
    const response = await sendCurl(told.curl);
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as { id: string };
    const [, connectionString = '', option, statement = ''] = await argumentsOf(told.psql);
    expect(option).toBe('-c');
    await withDatabase(connectionString, async (demo) => {
      const row = await waitUntil(
        async () => (await demo.query<{ id: string }>(statement)).find((user) => user.id === id),
        {
          describe: 'the user to be in the demo external database',
        },
      );
      expect(row).toEqual({ id, display_name: 'Ada Lovelace', primary_email: 'ada@example.com' });
    });
  });

  test('it has measured how long a change takes', () => {
    expect(told.milliseconds).toBeGreaterThan(0);
    expect(told.milliseconds).toBeLessThan(10_000);
  });

  test('the role of the demo external database can do nothing else', async () => {
    const [, connectionString = ''] = await argumentsOf(told.psql);
    await withDatabase(connectionString, async (demo) => {
      const [role] = await demo.query(
        `SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = current_user`,
      );
      expect(role).toEqual({
        rolsuper: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolreplication: false,
        rolbypassrls: false,
      });
    });
    const internal = connectionString.replace(/\/hexclave_demo\?/, '/hexclave?');
    await withDatabase(internal, async (database) => {
      await expect(database.query('SELECT 1')).rejects.toMatchObject({ code: '42501' });
    });
  });

  test.skipIf(process.platform === 'win32')('files with secrets are for their owner only', async () => {
    const files = (await readdir(place.directory)).filter((name) => name.endsWith('.json'));
    const secret = files.filter((name) => !name.includes('owner'));
    expect(secret.sort()).toEqual(['development-keys.json', 'secrets.json']);
    for (const name of files) expect((await stat(join(place.directory, name))).mode & 0o777).toBe(0o600);
  });

  test('SIGTERM stops it in order; the next start keeps keys and data', async () => {
    program.kill('SIGTERM');
    expect(await program.ended()).toBe(0);
    expect(program.output()).not.toMatch(/"level":(40|50|60)/);
    program = start(place.variables);
    const again = readAnnouncement(await program.printed(READY));
    expect(again).toEqual({ ...told, milliseconds: again.milliseconds });
    expect(program.output()).not.toContain('migration');
    expect(await userCount(again)).toBe(2);
  });

  test('after SIGKILL it starts again, and still has everything', async () => {
    program.kill('SIGKILL');
    expect(await program.ended()).toBeNull();
    program = start(place.variables);
    expect(await userCount(readAnnouncement(await program.printed(READY)))).toBe(2);
  });

  test('Ctrl-C twice in a moment, as npm passes it on, is one', async () => {
    program.kill('SIGINT');
    program.kill('SIGINT');
    expect(await program.ended()).toBe(0);
  });
});

test('SIGTERM in the middle of the first start leaves something that the next start can use', async () => {
  const place = await createPlace();
  const first = start(place.variables);
  await first.printed('Starting PostgreSQL');
  first.kill('SIGTERM');
  expect(await first.ended()).toBe(0);
  const second = start(place.variables);
  await second.printed(READY);
  second.kill('SIGTERM');
  expect(await second.ended()).toBe(0);
});

test('with a database of one’s own, no other is started', async () => {
  const place = await createPlace();
  const { db, connectionString } = await createEmptyDatabase();
  const program = start({ ...place.variables, HEXCLAVE_DATABASE_CONNECTION_STRING: connectionString });
  const output = await program.printed(READY);
  expect(output).toMatch(/secret server key +ssk_/);
  expect(output).not.toContain('PostgreSQL');
  expect(await db.query('SELECT "id" FROM "Project" ORDER BY "id"')).toHaveLength(2);
  expect(await readdir(place.directory)).not.toContain('postgres');
  program.kill('SIGTERM');
  expect(await program.ended()).toBe(0);
});

async function withDatabase(connectionString: string, work: (database: Database) => Promise<void>): Promise<void> {
  const database = createDatabase({ connectionString, max: 1 });
  try {
    await work(database);
  } finally {
    await database.end();
  }
}

async function userCount({ psql }: Announcement): Promise<number> {
  let count = 0;
  const [, connectionString = ''] = await argumentsOf(psql);
  await withDatabase(connectionString, async (demo) => {
    count = (await demo.query('SELECT 1 FROM hexclave.users')).length;
  });
  return count;
}
