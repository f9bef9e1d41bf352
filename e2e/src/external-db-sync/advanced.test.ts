import { randomUUID } from 'node:crypto';
import { waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { succeed } from '../support/api-client.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import { type ExternalDatabase, type Project, pathOf } from './support/project.ts';

const TABLES = ['users', 'contact_channels', 'teams', 'team_member_profiles'];

let hexclave: Installation;
let project: Project;

beforeAll(async () => {
  hexclave = await createInstallation();
});

afterAll(() => hexclave.close());

beforeEach(async () => {
  project = await hexclave.createProject();
});

const usersIn = ({ database }: ExternalDatabase, columns = 'id, display_name AS name') =>
  database.db.query<Record<string, unknown>>(`SELECT ${columns} FROM hexclave.users ORDER BY display_name, id`);

async function createUser(of: Project, values: Record<string, unknown> = {}): Promise<string> {
  return (await succeed(of.api.post('/users', values))).id;
}

/** A user with an e-mail, in a team: one row for each mapping. */
async function populate(of: Project, name: string): Promise<string[]> {
  const user = await createUser(of, { display_name: name, primary_email: `${name}@example.com` });
  const team = await succeed(of.api.post('/teams', { display_name: name, creator_user_id: user }));
  return [user, team.id];
}

test('two projects with five external databases: no row ever crosses', async () => {
  const other = await hexclave.createProject();
  const mine = await Promise.all(['a', 'b', 'c'].map((id) => project.addExternalDatabase({ id })));
  const theirs = await Promise.all(['a', 'b'].map((id) => other.addExternalDatabase({ id })));
  await refuseForeignRows(mine, project.tenancyId);
  await refuseForeignRows(theirs, other.tenancyId);

  await Promise.all(
    [project, other].flatMap((of, index) => Array.from({ length: 8 }, (_, n) => populate(of, `p${index}-${n}`))),
  );
  // The same person in both, who is changed in one and deleted in the other.
  const [here] = await populate(project, 'twin');
  const [there] = await populate(other, 'twin');
  await succeed(project.api.patch(`/users/${here}`, { display_name: 'changed' }));
  await succeed(other.api.delete(`/users/${there}`));

  for (const external of mine) await project.converged(external);
  for (const external of theirs) await other.converged(external);
  for (const external of mine) expect(await usersIn(external)).toHaveLength(9);
  for (const external of theirs) expect(await usersIn(external)).toHaveLength(8);
  expect(await namesIn(mine[0])).toEqual(expect.arrayContaining(['changed', 'p0-0']));
  expect((await namesIn(theirs[0])).filter((name) => !name.startsWith('p1-'))).toEqual([]);
  for (const external of [...mine, ...theirs]) expect(await foreignRows(external)).toEqual([]);
});

async function namesIn(external: ExternalDatabase | undefined): Promise<string[]> {
  return external === undefined ? [] : (await usersIn(external)).map(({ name }) => String(name));
}

/** Notes in the target itself, row by row as they are written, which were written for another tenancy. */
async function refuseForeignRows(externals: readonly ExternalDatabase[], tenancyId: string): Promise<void> {
  for (const external of externals) {
    await waitUntil(() => external.database.db.query('SELECT 1 FROM hexclave.team_member_profiles'), {
      describe: 'the tables to be created',
    });
    const { db } = external.database;
    await db.query('CREATE TABLE public.foreign_rows (what text)');
    await db.query(`CREATE FUNCTION note_foreign() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT 1 FROM hexclave._hexclave_sync_metadata WHERE owner <> '${tenancyId}') OR NEW::text ~ '${tenancyId === project.tenancyId ? 'p1-' : 'p0-'}' THEN
          INSERT INTO public.foreign_rows VALUES (NEW::text);
        END IF;
        RETURN NEW;
      END $$`);
    for (const table of TABLES) {
      await db.query(
        `CREATE TRIGGER note_foreign BEFORE INSERT OR UPDATE ON hexclave.${table} FOR EACH ROW EXECUTE FUNCTION note_foreign()`,
      );
    }
  }
}

function foreignRows({ database }: ExternalDatabase): Promise<object[]> {
  return database.db.query('SELECT * FROM public.foreign_rows');
}

test('the metadata say how far each table has come, and move with every change', async () => {
  const external = await project.addExternalDatabase();
  await project.converged(external);
  const position = async (mapping: string) => {
    const [row] = await external.database.db.query<{ at: bigint }>(
      'SELECT last_synced_sequence_id AS at FROM hexclave._hexclave_sync_metadata WHERE mapping_name = $1',
      [mapping],
    );
    return row?.at ?? -1n;
  };
  const shown = async (mapping: string) => {
    const [row] = await hexclave.db.query<{ phase: string; at: bigint; rows: bigint }>(
      `SELECT "phase", "appliedSequenceId" AS at, "rowsApplied" AS rows FROM "ExternalDatabaseMappingState"
       WHERE "tenancyId" = $1 AND "mapping" = $2`,
      [project.tenancyId, mapping],
    );
    return row;
  };
  let before = await position('users');
  const teams = await position('teams');
  const user = await createUser(project, { display_name: 'v0' });
  for (let version = 1; version <= 3; version++) {
    await succeed(project.api.patch(`/users/${user}`, { display_name: `v${version}` }));
    await project.converged(external);
    const after = await position('users');
    expect(after).toBeGreaterThan(before);
    before = after;
  }
  await succeed(project.api.delete(`/users/${user}`));
  await project.converged(external);
  await project.settled();
  expect(await position('users')).toBeGreaterThan(before);
  expect(await position('teams')).toBe(teams);
  expect(await shown('users')).toMatchObject({ phase: 'stream', at: await position('users') });
  expect((await shown('users'))?.rows).toBeGreaterThanOrEqual(4n);
});

test('runs that are repeated, and many at once, change nothing: no row twice, none written again', async () => {
  const external = await project.addExternalDatabase();
  await Promise.all(Array.from({ length: 20 }, (_, n) => populate(project, `user-${n}`)));
  await project.converged(external);
  await project.settled();
  // The transaction that wrote a row last: it stays the same unless the row is written again.
  const written = async () => {
    const rows = await Promise.all(
      TABLES.map((table) =>
        external.database.db.query(`SELECT xmin::text, t::text AS row FROM hexclave.${table} t ORDER BY 2`),
      ),
    );
    return rows;
  };
  const before = await written();
  const { server } = hexclave;
  const calls = Array.from({ length: 12 }, () => [
    hexclave.cron(server, 'sequencer', 2_000),
    hexclave.cron(server, 'poller', 2_000),
    hexclave.callEngine(server, project.tenancyId),
    project.admin.post('/internal/external-db-sync/enqueue'),
  ]);
  const answers = await Promise.all(calls.flat());
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await project.settled();
  expect(await written()).toEqual(before);
  expect(before.map((rows) => rows.length)).toEqual([20, 20, 20, 20]);
});

describe('values arrive exactly:', () => {
  test.each([
    ['emoji', '👩🏽‍🚀 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🇺🇳'],
    ['quotes and backslashes', `Robert'); DROP TABLE "users";-- \\ \\n $$ $1 %s`],
    ['right to left', 'مرحبا بالعالم \u202e שלום'],
    ['other scripts', '漢字 한국어 ไทย देवनागरी Ελληνικά'],
    ['what COPY and CSV use', '\\N, "a",\\.'],
    ['nothing', ''],
    ['combining marks', 'e\u0301 \u00e9 \u200d\u200b'],
  ])('%s', async (_, name) => {
    const external = await project.addExternalDatabase();
    const id = await createUser(project, { display_name: name, client_metadata: { [name]: [name, null, 1e100] } });
    await project.converged(external);
    expect(await usersIn(external, 'id, display_name AS name, client_metadata AS metadata')).toEqual([
      { id, name, metadata: { [name]: [name, null, 1e100] } },
    ]);
  });

  test('100 kB of metadata, with numbers that JavaScript cannot hold', async () => {
    const external = await project.addExternalDatabase();
    const id = await createUser(project, { server_metadata: { text: '£'.repeat(50_000), deep: [[[{}]]] } });
    await hexclave.db.query(
      `UPDATE "ProjectUser" SET "clientMetadata" = '{"big": 12345678901234567890.123}' WHERE "projectUserId" = $1`,
      [id],
    );
    await project.converged(external);
    const [row] = await usersIn(
      external,
      `octet_length(server_metadata::text) AS bytes, client_metadata ->> 'big' AS big`,
    );
    expect(row?.bytes).toBeGreaterThan(100_000);
    expect(row?.big).toBe('12345678901234567890.123');
  });
});

test('the last write wins, however fast they follow each other', async () => {
  const external = await project.addExternalDatabase();
  const users = await Promise.all(Array.from({ length: 5 }, () => createUser(project, { display_name: 'v0' })));
  await project.converged(external);
  await Promise.all(
    users.map(async (user) => {
      for (let version = 1; version <= 20; version++) {
        await succeed(project.api.patch(`/users/${user}`, { display_name: `v${version}` }));
      }
    }),
  );
  await project.converged(external);
  expect(new Set(await namesIn(external))).toEqual(new Set(['v20']));
});

describe('who is created and deleted', () => {
  test('before the first sync never appears', async () => {
    const [gone] = [await createUser(project, { display_name: 'gone', primary_email: 'gone@example.com' })];
    const kept = await createUser(project, { display_name: 'kept' });
    await succeed(project.api.delete(`/users/${gone}`));
    const external = await project.addExternalDatabase();
    await project.converged(external);
    expect(await usersIn(external)).toEqual([{ id: kept, name: 'kept' }]);
    expect(await external.database.db.query('SELECT * FROM hexclave.contact_channels')).toEqual([]);
  });

  test('while the copy is paused never appears either', async () => {
    const external = await project.addExternalDatabase();
    await project.converged(external);
    await external.database.db.query(`CREATE TABLE public.seen (id uuid);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.seen VALUES (NEW.id); RETURN NEW; END';
      CREATE TRIGGER note BEFORE INSERT ON hexclave.users FOR EACH ROW EXECUTE FUNCTION note()`);
    await project.configure({ [`${pathOf(external.id)}.paused`]: true });
    const gone = await createUser(project);
    await succeed(project.api.delete(`/users/${gone}`));
    const kept = await createUser(project, { display_name: 'kept' });
    await project.configure({ [`${pathOf(external.id)}.paused`]: false });
    await project.converged(external);
    expect(await external.database.db.query('SELECT id FROM public.seen')).toEqual([{ id: kept }]);
  });
});

test('the same e-mail again after its user was deleted, even where the copy must not have it twice', async () => {
  const external = await project.addExternalDatabase();
  await project.converged(external);
  await external.database.db.query('ALTER TABLE hexclave.users ADD UNIQUE (primary_email)');
  let user = '';
  for (let round = 0; round < 4; round++) {
    if (user !== '') await succeed(project.api.delete(`/users/${user}`));
    user = await createUser(project, {
      display_name: `round ${round}`,
      primary_email: 'once@example.com',
      primary_email_auth_enabled: true,
    });
    if (round === 1) await project.converged(external);
  }
  await project.converged(external);
  expect(await usersIn(external, 'id, primary_email AS email')).toEqual([{ id: user, email: 'once@example.com' }]);
});

test('deletes in between inserts and updates, by many callers at once', async () => {
  const external = await project.addExternalDatabase();
  const survivors = await Promise.all(
    Array.from({ length: 12 }, async (_, caller) => {
      const own: string[] = [];
      for (let step = 0; step < 9; step++) {
        own.push(
          await createUser(project, {
            display_name: `${caller}-${step}`,
            primary_email: `${randomUUID()}@example.com`,
          }),
        );
        if (step % 3 === 1) await succeed(project.api.delete(`/users/${own.shift()}`));
        if (step % 3 === 2) await succeed(project.api.patch(`/users/${own[0]}`, { display_name: `${caller}-changed` }));
      }
      return own;
    }),
  );
  await project.converged(external);
  const ids = (await usersIn(external)).map(({ id }) => id);
  expect(ids.sort()).toEqual(survivors.flat().sort());
});
