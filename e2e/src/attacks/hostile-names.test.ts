import { hexclaveCatalog } from '@hexclave/sync';
import { createEmptyDatabase, waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { type Owned, ownedDatabase } from '../external-db-sync/support/project.ts';
import { connectionOf, differences } from '../sync/harness.ts';
import { addTeam, addUser, addUsers, removeUser } from '../sync/rows.ts';

let hexclave: Installation;

beforeAll(async () => {
  hexclave = await createInstallation();
});

afterAll(() => hexclave.close());

async function synced(config: Record<string, unknown>, database: Owned): Promise<void> {
  const project = await hexclave.createProject();
  const external = await project.addExternalDatabase({ database, config });
  const tables = (config.tables ?? {}) as Record<string, { targetName: string }>;
  const equal = async () =>
    (await differences({ db: hexclave.db, catalog: hexclaveCatalog }, quoted(external), { tables })).length === 0;
  const arrived = () => waitUntil(equal, { timeoutMs: 20_000, intervalMs: 50, describe: 'the copy to be equal' });
  const gone = await addUser(hexclave.db, project.tenancyId, { name: 'gone' });
  await addTeam(hexclave.db, project.tenancyId);
  await arrived();
  await removeUser(hexclave.db, gone);
  await addUser(hexclave.db, project.tenancyId, { name: `'; DROP TABLE users; -- \\ $$ "` });
  await arrived();
  await addUsers(hexclave.db, project.tenancyId, 1_000);
  await arrived();
  expect(await project.failureOf(external)).toMatchObject({ errorCode: null });
}

/** As the comparison writes a schema: between quotes that it does not double. */
const quoted = <E extends { schema: string }>(external: E): E => ({
  ...external,
  schema: external.schema.replaceAll('"', '""'),
});

describe('A8 names and search paths that try to make our statements into others', () => {
  const HOSTILE = [
    `we"ird; DROP SCHEMA public CASCADE; --`,
    `'); DROP TABLE victim; --`,
    'select',
    'a.b',
    '$1 $$ \\ %s %I',
    'schön 👋 \u202e',
    'public", pg_catalog."pg_class',
  ];

  test.each(HOSTILE)('schema %j', async (schema) => {
    const database = await createEmptyDatabase();
    await database.db.query('CREATE TABLE public.victim (id int)');
    await synced({ schema }, database);
    expect(await database.db.query(`SELECT to_regclass('public.victim') IS NOT NULL AS there`)).toEqual([
      { there: true },
    ]);
    const made = await database.db.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public$)'`,
    );
    expect(made.map(({ name }) => name)).toEqual([schema]);
  });

  test('tables', async () => {
    const database = await createEmptyDatabase();
    await database.db.query('CREATE TABLE public.victim (id int)');
    const names = HOSTILE.map((name) => name.replaceAll('"', '“'));
    const tables = Object.fromEntries(
      ['users', 'contact_channels', 'teams', 'team_member_profiles'].map((mapping, index) => [
        mapping,
        { targetName: names[index] },
      ]),
    );
    await synced({ tables }, database);
    expect(await database.db.query(`SELECT to_regclass('public.victim') IS NOT NULL AS there`)).toEqual([
      { there: true },
    ]);
  });

  test('a role and a database', async () => {
    const { db, name, connectionString } = await createEmptyDatabase();
    const role = `ro"le'; -- ${name}`;
    const [user, database] = [role, `da"ta'base ${name}`].map((text) => `"${text.replaceAll('"', '""')}"`);
    await db.query(`CREATE ROLE ${user} LOGIN PASSWORD 'p@ss/w:rd%''"'`);
    await db.query(`CREATE DATABASE ${database} OWNER ${user}`);
    const { port } = connectionOf(connectionString);
    const [encodedUser, encodedDatabase] = [role, `da"ta'base ${name}`].map(encodeURIComponent);
    const own = ownedDatabase(
      `postgresql://${encodedUser}:${encodeURIComponent(`p@ss/w:rd%'"`)}@127.0.0.1:${port}/${encodedDatabase}`,
    );
    await synced({}, own);
    await own.db.end();
    await db.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await db.query(`DROP ROLE ${user}`);
  });

  test('functions, operators and tables of a stranger in the search path are never called or written to', async () => {
    const database = await createEmptyDatabase();
    const { db } = database;
    const stranger = `stranger_${database.name}`;
    await db.query(`CREATE ROLE "${stranger}"`);
    await db.query(`GRANT CREATE ON SCHEMA public TO "${stranger}"`);
    await db.query('CREATE TABLE public.calls (by text, what text); GRANT INSERT ON public.calls TO PUBLIC');
    await db.query(`GRANT USAGE ON SCHEMA public TO PUBLIC`);
    // PostgreSQL prefers an exact match anywhere in the path over a more general function of its own.
    await db.query(`SET ROLE "${stranger}";
      ${FUNCTIONS.map(
        ([
          name,
          parameters,
          returns,
          value,
        ]) => `CREATE FUNCTION public.${name}(${parameters}) RETURNS ${returns} LANGUAGE plpgsql AS $f$
        BEGIN INSERT INTO public.calls VALUES (session_user, '${name}(${parameters})'); RETURN ${value}; END $f$`,
      ).join(';')};
      CREATE OPERATOR public.@> (LEFTARG = text[], RIGHTARG = text[], FUNCTION = public.contains);
      CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = name, FUNCTION = public.same);
      CREATE OPERATOR public.= (LEFTARG = bigint, RIGHTARG = numeric, FUNCTION = public.same);
      CREATE TABLE public.users (id uuid); CREATE TABLE public._hexclave_sync_metadata (mapping_name text); RESET ROLE`);
    await synced({}, database);
    expect(await db.query('SELECT DISTINCT what FROM public.calls')).toEqual([]);
    expect(await db.query('SELECT 1 FROM public.users')).toEqual([]);
    await db.query(`DROP OWNED BY "${stranger}"; DROP ROLE "${stranger}"`);
  });

  const FUNCTIONS = [
    ['contains', 'a text[], b text[]', 'boolean', 'true'],
    ['same', 'a text, b name', 'boolean', 'true'],
    ['same', 'a bigint, b numeric', 'boolean', 'true'],
    ['cardinality', 'a text[]', 'integer', '1'],
    ['unnest', 'a text[]', 'text', 'a[1]'],
    ['to_regclass', 'a regclass', 'regclass', 'a'],
    ['format_type', 'a oid, b bigint', 'text', `'x'`],
    ['count', 'a text', 'bigint', '0'],
    ['hashtext', 'a varchar', 'integer', '0'],
    ['array_agg', 'a text', 'text[]', 'ARRAY[a]'],
    ['current_setting', 'a varchar', 'text', `'170000'`],
    ['jsonb_build_object', 'a text, b text', 'jsonb', `'{}'`],
  ] as const;
});
