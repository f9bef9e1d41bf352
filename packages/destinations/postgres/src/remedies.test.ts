import { randomUUID } from 'node:crypto';
import { quoteIdentifier as id } from '@hexclave/db';
import { splitRemedy } from '@hexclave/errors';
import {
  compileTargetTable,
  DESTINATION_ERRORS,
  type DestinationConnection,
  DestinationError,
  hexclaveCatalog,
  type TargetTable,
} from '@hexclave/sync';
import { atEndOfFile, createEmptyDatabase, type TestDatabase } from '@hexclave/testing';
import pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { postgresDestination } from './index.ts';
import { withRemedy } from './remedies.ts';

const destination = postgresDestination({ allowPrivateHosts: true, connectTimeoutMs: 5_000 });
const [users] = hexclaveCatalog.mappings.map((mapping) => compileTargetTable(mapping, {}, 'hard')) as [TargetTable];
const owner = { tenancyId: randomUUID(), externalDatabaseId: 'main', siblingIds: [] };

let database: TestDatabase;
let role: string;

beforeEach(async () => {
  const own = await createEmptyDatabase();
  const name = id(`remedy_${randomUUID().slice(0, 8)}`);
  await own.db.query(`CREATE ROLE ${name} LOGIN PASSWORD 'p'`);
  atEndOfFile(async () => {
    await own.db.query(`DROP OWNED BY ${name} CASCADE`);
    await own.db.query(`DROP ROLE ${name}`);
  });
  database = own;
  role = name.slice(1, -1);
});

type Tried = { as?: string; database?: string; tenancyId?: string };

/** Prepares the table as that role and writes a row; the error that this ends with, or `null`. */
async function tryIt(tried: Tried = {}): Promise<DestinationError | null> {
  const url = new URL(database.connectionString);
  const connection = {
    ...{ host: url.hostname, port: Number(url.port), user: tried.as ?? role, password: 'p' },
    ...{ tls: { mode: 'disable' as const }, database: tried.database ?? url.pathname.slice(1) },
  };
  try {
    const opened = await destination.connect(connection, 'hexclave', { ...owner, ...tried });
    return await writeRow(opened).finally(() => opened.close());
  } catch (error) {
    return error as DestinationError;
  }
}

async function writeRow(opened: DestinationConnection): Promise<DestinationError | null> {
  const prepared = (await opened.prepare([users])).get(users.mapping);
  if (prepared !== undefined && 'failure' in prepared) return prepared.failure as DestinationError;
  const from = prepared?.position ?? null;
  const begun = { epoch: 'e', cursor: 1n, sourceLsn: 1n };
  const copy = { after: null, fresh: false };
  const start = { table: users, from, ...begun, ifEmpty: null, otherwise: copy };
  const started = (await opened.startCopies([start])).get(users.mapping);
  if (started === null || started === undefined) throw new Error('the position has moved');
  if ('failure' in started) return started.failure as DestinationError;
  await opened.applyPage(users, { upserts: [ROW], deletes: [] }, started, { ...begun, copy: null });
  return null;
}

const VALUES: Readonly<Record<string, string>> = {
  uuid: randomUUID(),
  boolean: 'f',
  timestamptz: '2020-01-01',
  text: 'x',
};
const ROW = users.columns.map(({ type, notNull }) => (notNull ? (VALUES[type] ?? '{}') : null));

/** What can be copied on its own: the last, where there is more. */
function sqlOf({ remedy }: DestinationError): string {
  return splitRemedy(remedy).findLast(({ kind }) => kind === 'sql')?.text ?? 'there is none';
}

/** Runs the SQL as a superuser who pastes it into psql, where each statement is a transaction of its own. */
async function paste(error: DestinationError | null): Promise<void> {
  if (error === null) throw new Error('nothing failed');
  for (const statement of sqlOf(error).split(/(?<=;)\s+/)) await database.db.query(statement);
}

const RIGHTS: readonly [string, (role: string) => string][] = [
  ['none at all', () => 'SELECT 1'],
  ['no USAGE of the schema', (name) => `REVOKE USAGE ON SCHEMA hexclave FROM ${name}`],
  ['none on a table', (name) => `REVOKE ALL ON hexclave.users FROM ${name}`],
  ['none on a table that is needed besides', (name) => `REVOKE ALL ON hexclave._hexclave_sync_metadata FROM ${name}`],
  ['the table now belongs to somebody else', () => 'ALTER TABLE hexclave.users OWNER TO CURRENT_USER'],
  ['none to connect', () => `REVOKE CONNECT ON DATABASE ${database.name} FROM PUBLIC`],
];

describe('the SQL that is shown, pasted as it stands, heals', () => {
  test.each(RIGHTS)('a role without rights: %s', async (what, revoke) => {
    if (what !== 'none at all') {
      await database.db.query(`GRANT CREATE ON DATABASE ${database.name} TO ${id(role)}`);
      expect(await tryIt()).toBeNull();
      await database.db.query(`REVOKE CREATE ON DATABASE ${database.name} FROM ${id(role)}`);
      await database.db.query(revoke(id(role)));
      // Whoever owns a schema has its rights, whatever was revoked.
      await database.db.query('ALTER SCHEMA hexclave OWNER TO CURRENT_USER');
    }
    const refused = await tryIt();
    expect(refused).toMatchObject({ code: 'TARGET_PERMISSION_DENIED', sqlState: '42501' });
    expect(refused?.remedy).toContain(id(role));
    await paste(refused);
    expect(await tryIt()).toBeNull();
  });

  test('a table that is in the way, which is kept', async () => {
    await database.db.query(`CREATE SCHEMA hexclave AUTHORIZATION ${id(role)}`);
    await database.db.query('CREATE TABLE hexclave.users (mine int); INSERT INTO hexclave.users VALUES (1)');
    const refused = await tryIt();
    expect(refused?.code).toBe('TARGET_TABLE_EXISTS');
    expect(refused?.remedy).toContain('dbSync.externalDatabases.main.tables.users.targetName');
    await paste(refused);
    expect(await tryIt()).toBeNull();
    expect(await database.db.query('SELECT mine FROM hexclave.users_of_before')).toEqual([{ mine: 1 }]);
  });

  test('a database that is not there', async () => {
    const missing = `missing_${randomUUID().slice(0, 8)}`;
    const refused = await tryIt({ database: missing });
    expect(refused?.code).toBe('TARGET_DATABASE_MISSING');
    await paste(refused);
    expect(await tryIt({ database: missing })).toBeNull();
    await database.db.query(`DROP DATABASE ${missing} WITH (FORCE)`);
  });

  test.each([
    ['TARGET_SIGN_IN_FAILED', 'a role that may not log in', () => `ALTER ROLE ${id(role)} NOLOGIN`],
    ['TARGET_TOO_MANY_CONNECTIONS', 'the limit of the role', () => `ALTER ROLE ${id(role)} CONNECTION LIMIT 0`],
    [
      'TARGET_TOO_MANY_CONNECTIONS',
      'the limit of the database',
      () => `ALTER DATABASE ${database.name} CONNECTION LIMIT 0`,
    ],
    [
      'TARGET_READ_ONLY',
      'a role that only reads',
      () => `ALTER ROLE ${id(role)} SET default_transaction_read_only = on`,
    ],
  ])('%s: %s', async (code, _, breakIt) => {
    await database.db.query(`GRANT CREATE ON DATABASE ${database.name} TO ${id(role)}`);
    await database.db.query(breakIt());
    const refused = await tryIt();
    expect(refused?.code).toBe(code);
    await paste(refused);
    expect(await tryIt()).toBeNull();
  });

  test('a schema with the copy of another project', async () => {
    await database.db.query(`CREATE SCHEMA hexclave AUTHORIZATION ${id(role)}`);
    expect(await tryIt({ tenancyId: randomUUID() })).toBeNull();
    const refused = await tryIt();
    expect(refused?.code).toBe('TARGET_OWNED_BY_ANOTHER_PROJECT');
    await paste(refused);
    expect(await tryIt()).toBeNull();
  });

  test.each([
    ['may not do what it does', 'SECURITY DEFINER', 'CREATE TABLE public.audit (id uuid)'],
    ['names a table that is not there', 'DISABLE TRIGGER USER', 'SELECT 1'],
  ])('a trigger whose function %s', async (_, remedy, setUp) => {
    await database.db.query(`CREATE SCHEMA hexclave AUTHORIZATION ${id(role)}`);
    expect(await tryIt()).toBeNull();
    await database.db.query(setUp);
    await database.db.query(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.audit VALUES (NEW.id); RETURN NEW; END $$`);
    await database.db.query(
      'CREATE TRIGGER note BEFORE INSERT OR UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION note()',
    );
    const refused = await tryIt();
    expect(refused).toMatchObject({
      code: 'TARGET_TRIGGER_FAILED',
      detail: expect.stringMatching(/function .*note\(\)$/),
    });
    expect(refused?.remedy).toContain(remedy);
    await paste(refused);
    expect(await tryIt()).toBeNull();
  });

  test('a lock that somebody else holds', async () => {
    await database.db.query(`CREATE SCHEMA hexclave AUTHORIZATION ${id(role)}`);
    expect(await tryIt()).toBeNull();
    const holder = new pg.Client({ connectionString: database.connectionString });
    holder.on('error', () => undefined);
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE hexclave.users IN SHARE MODE');
    const refused = await tryIt();
    expect(refused?.code).toBe('TARGET_LOCKED');
    await paste(refused);
    expect(await tryIt()).toBeNull();
    await expect(holder.query('SELECT 1')).rejects.toThrow();
  });
});

test('who may not sign in is named', async () => {
  expect((await tryIt({ as: 'nobody_of_that_name' }))?.remedy).toContain('"nobody_of_that_name"');
});

test('every error says what to do, and one that says it exactly keeps its own words', () => {
  const place = { externalDatabaseId: 'main', role: 'r', database: 'd', schema: 's' };
  for (const code of Object.keys(DESTINATION_ERRORS) as (keyof typeof DESTINATION_ERRORS)[]) {
    const error = withRemedy(new DestinationError(code, { sqlState: '00000', detail: 'x' }), place, users);
    expect(error).toMatchObject({ code, sqlState: '00000' });
    expect(error.message).toBe(`${DESTINATION_ERRORS[code].message} (x)`);
    expect(error.remedy).not.toMatch(/undefined|''::regclass/);
    expect(error.remedy.length).toBeGreaterThan(10);
    // What could be run is nowhere left among the words.
    const words = splitRemedy(error.remedy).filter(({ kind }) => kind === 'words');
    for (const { text } of words) expect(text).not.toMatch(/(^|: )[A-Z]{4,} [^;]*;$/);
  }
  const exact = new DestinationError('TARGET_PERMISSION_DENIED', { remedy: 'GRANT …' });
  expect(withRemedy(exact, place, users)).toBe(exact);
});
