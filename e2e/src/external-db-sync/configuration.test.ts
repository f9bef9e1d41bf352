import { randomBytes } from 'node:crypto';
import { createDatabase } from '@hexclave/db';
import { atEndOfFile, createEmptyDatabase, type TestDatabase, testCluster, waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { succeed } from '../support/api-client.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import { type ExternalDatabase, type Project, pathOf } from './support/project.ts';
import { openSession } from './support/sessions.ts';

let hexclave: Installation;
let project: Project;

beforeAll(async () => {
  hexclave = await createInstallation();
});

afterAll(() => hexclave.close());

beforeEach(async () => {
  project = await hexclave.createProject();
});

const createUser = async (name: string) => (await succeed(project.api.post('/users', { display_name: name }))).id;

const namesIn = async ({ database, schema }: ExternalDatabase) => {
  const rows = await database.db.query<{ name: string }>(
    `SELECT display_name AS name FROM "${schema}".users ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};

/** A role that may sign in, and nothing else. */
async function createRole(): Promise<{ name: string; connectionString(database: string): string }> {
  const admin = createDatabase({ connectionString: testCluster().connectionString, max: 1 });
  const [name, password] = [`role_${randomBytes(6).toString('hex')}`, randomBytes(12).toString('hex')];
  await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}' NOSUPERUSER`);
  // After the databases in which it has rights, since those are made later.
  atEndOfFile(async () => {
    await admin.query(`DROP ROLE ${name}`);
    await admin.end();
  });
  return {
    name,
    connectionString: (database) => {
      const url = new URL(database);
      Object.assign(url, { username: name, password });
      return url.href;
    },
  };
}

describe('external databases are configured', () => {
  test('whole, as many at once as there are', async () => {
    const [first, second] = await Promise.all([createEmptyDatabase(), createEmptyDatabase()]);
    const configOf = ({ connectionString }: TestDatabase) => ({
      type: 'postgres',
      connectionString: `${connectionString}?sslmode=disable`,
    });
    await project.configure({
      'dbSync.externalDatabases': { one: configOf(first), two: { ...configOf(second), schema: 'copy' } },
    });
    await createUser('Ada');
    const { tenancyId } = project;
    const one = { id: 'one', tenancyId, database: first, schema: 'hexclave' };
    const two = { id: 'two', tenancyId, database: second, schema: 'copy' };
    await project.converged(one);
    await project.converged(two);
    expect(await namesIn(two)).toEqual(['Ada']);
  });

  test('by dotted path, down to one field, and the connection string is never shown again', async () => {
    const external = await project.addExternalDatabase();
    await createUser('Ada');
    await project.converged(external);
    await project.configure({ [`${pathOf('main')}.schema`]: 'elsewhere' });
    await project.converged({ ...external, schema: 'elsewhere' });
    const { config_string } = await succeed(project.admin.get('/internal/config'));
    const { dbSync } = JSON.parse(config_string);
    expect(dbSync.externalDatabases.main).toMatchObject({ schema: 'elsewhere', deleteMode: 'hard', paused: false });
    expect(dbSync.externalDatabases.main.connection).toMatchObject({ host: '127.0.0.1' });
    expect(config_string).not.toContain('sslmode');
    expect(dbSync.externalDatabases.main).not.toHaveProperty('connectionString');
  });

  test('with tables left out, renamed, and without some columns', async () => {
    const tables = { teams: { enabled: false }, users: { targetName: 'people', omitColumns: ['server_metadata'] } };
    const { database } = await project.addExternalDatabase({ config: { tables } });
    const id = await createUser('Ada');
    await project.settled();
    expect(await database.db.query('SELECT id, display_name FROM hexclave.people')).toEqual([
      { id, display_name: 'Ada' },
    ]);
    const found = await database.db.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'hexclave'`,
    );
    const names = found.map(({ name }) => name);
    expect(names).toContain('people.client_metadata');
    expect(names).not.toContain('people.server_metadata');
    expect(names.filter((name) => name.startsWith('teams.'))).toEqual([]);
  });

  test('to keep what is deleted, marked', async () => {
    const { database } = await project.addExternalDatabase({ config: { deleteMode: 'soft' } });
    const id = await createUser('Ada');
    await project.settled();
    await succeed(project.api.delete(`/users/${id}`));
    await project.settled();
    expect(await database.db.query('SELECT id, deleted_at IS NOT NULL AS deleted FROM hexclave.users')).toEqual([
      { id, deleted: true },
    ]);
  });
});

test('while a copy is paused nothing arrives there, and everything afterwards', async () => {
  const [paused, running] = [
    await project.addExternalDatabase({ id: 'one' }),
    await project.addExternalDatabase({ id: 'two' }),
  ];
  const id = await createUser('before');
  await project.converged(paused);
  await project.configure({ [`${pathOf(paused.id)}.paused`]: true });
  await succeed(project.api.delete(`/users/${id}`));
  await createUser('meanwhile');
  await project.converged(running);
  await project.settled();
  expect(await namesIn(paused)).toEqual(['before']);
  await project.configure({ [`${pathOf(paused.id)}.paused`]: false });
  await project.converged(paused);
  expect(await namesIn(paused)).toEqual(['meanwhile']);
});

test('an external database that was removed keeps its rows, and is brought up to date when it is added again', async () => {
  const external = await project.addExternalDatabase();
  const [gone] = [await createUser('gone'), await createUser('kept')];
  await project.converged(external);
  await project.configure({ [pathOf(external.id)]: null });
  await succeed(project.api.delete(`/users/${gone}`));
  await createUser('new');
  await project.settled();
  expect(await namesIn(external)).toEqual(['gone', 'kept']);
  const again = await project.addExternalDatabase({ database: external.database });
  await project.converged(again);
  expect(await namesIn(again)).toEqual(['kept', 'new']);
});

test('two projects on one schema: the second is refused, says so, and heals on a schema of its own', async () => {
  const external = await project.addExternalDatabase();
  await createUser('mine');
  await project.converged(external);
  const other = await hexclave.createProject();
  const refused = await other.addExternalDatabase({ database: external.database });
  await succeed(other.api.post('/users', { display_name: 'theirs' }));
  const failure = await other.failed(refused);
  expect(failure).toMatchObject({ errorCode: 'TARGET_OWNED_BY_ANOTHER_PROJECT' });
  expect(failure.errorRemedy).toMatch(/different schema/);
  expect(await namesIn(external)).toEqual(['mine']);

  await createUser('mine too');
  await project.converged(external);
  await other.configure({ [`${pathOf(refused.id)}.schema`]: 'theirs' });
  const own = { ...refused, schema: 'theirs' };
  await other.converged(own);
  expect(await namesIn(own)).toEqual(['theirs']);
  expect(await namesIn(external)).toEqual(['mine', 'mine too']);
  await waitUntil(async () => (await other.failureOf(own))?.errorCode === null, {
    describe: 'the failure to be cleared',
  });
});

describe('roles in the owner’s database:', () => {
  test('one that may create schemas is all that the server needs', async () => {
    const role = await createRole();
    const database = await createEmptyDatabase();
    await database.db.query(`GRANT CREATE ON DATABASE ${database.name} TO ${role.name}`);
    const external = await project.addExternalDatabase({
      database,
      connectionString: role.connectionString(database.connectionString),
    });
    await createUser('Ada');
    await project.converged(external);
    expect(
      await database.db.query(`SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'hexclave'`),
    ).toEqual([{ owner: role.name }]);
  });

  test('one that may read reads, joins with its own tables, and cannot write; others see nothing', async () => {
    const [reader, stranger] = [await createRole(), await createRole()];
    const external = await project.addExternalDatabase();
    const id = await createUser('Ada');
    await project.converged(external);
    const { db, connectionString } = external.database;
    await db.query(`GRANT USAGE ON SCHEMA hexclave TO ${reader.name};
      GRANT SELECT ON ALL TABLES IN SCHEMA hexclave TO ${reader.name};
      CREATE TABLE public.orders AS SELECT '${id}'::uuid AS user_id, 42 AS total;
      GRANT SELECT ON public.orders TO ${reader.name}`);
    const reading = await openSession(reader.connectionString(connectionString));
    const joined = await reading.query(
      'SELECT u.display_name, o.total FROM public.orders o JOIN hexclave.users u ON u.id = o.user_id',
    );
    expect(joined.rows).toEqual([{ display_name: 'Ada', total: 42 }]);
    for (const statement of [
      'DELETE FROM hexclave.users',
      `UPDATE hexclave.users SET display_name = 'Eve'`,
      'INSERT INTO hexclave.teams (id) VALUES (gen_random_uuid())',
      'TRUNCATE hexclave.contact_channels',
      'DROP TABLE hexclave.users',
    ]) {
      await expect(reading.query(statement)).rejects.toMatchObject({ code: '42501' });
    }
    const outside = await openSession(stranger.connectionString(connectionString));
    await expect(outside.query('SELECT * FROM hexclave.users')).rejects.toMatchObject({ code: '42501' });
    // The grants outlive what is synced afterwards.
    await createUser('Bob');
    await project.converged(external);
    expect((await reading.query('SELECT 1 FROM hexclave.users')).rows).toHaveLength(2);
  });

  test('one that may only read is no connection to sync with: shown, and healed by a grant', async () => {
    const role = await createRole();
    const database = await createEmptyDatabase();
    const external = await project.addExternalDatabase({
      database,
      connectionString: role.connectionString(database.connectionString),
    });
    const failure = await project.failed(external);
    expect(failure).toMatchObject({ errorCode: 'TARGET_PERMISSION_DENIED', errorSqlState: '42501' });
    expect(failure.errorRemedy).toMatch(/GRANT/);
    await database.db.query(`GRANT CREATE ON DATABASE ${database.name} TO ${role.name}`);
    await project.converged(external);
  });
});

test('what is wrong with a configuration is refused, and nothing changes', async () => {
  const external = await project.addExternalDatabase();
  const before = await succeed(project.admin.get('/internal/config'));
  for (const override of [
    { [`${pathOf('main')}.schema`]: 'pg_catalog' },
    { [`${pathOf('main')}.connectionString`]: 'mysql://user@127.0.0.1/db' },
    { [`${pathOf('other')}.paused`]: true },
    { [`${pathOf('main')}.tables`]: { nobody: {} } },
  ]) {
    const config_override_string = JSON.stringify(override);
    const answer = await project.admin.patch('/internal/config/override/environment', { config_override_string });
    expect(answer).toMatchObject({ status: 400, body: { code: 'CONFIG_INVALID' } });
  }
  expect(await succeed(project.admin.get('/internal/config'))).toEqual(before);
  await createUser('Ada');
  await project.converged(external);
});
