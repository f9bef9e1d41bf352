import { randomUUID } from 'node:crypto';
import { quoteIdentifier as id } from '@hexclave/db';
import { compileTargetTable, DESTINATION_ERRORS, DestinationError, hexclaveCatalog } from '@hexclave/sync';
import { atEndOfFile, createEmptyDatabase, type TestDatabase } from '@hexclave/testing';
import { beforeEach, expect, test } from 'vitest';
import { postgresDestination } from './index.ts';
import { withRemedy } from './remedies.ts';

const destination = postgresDestination({ allowPrivateHosts: true, connectTimeoutMs: 5_000 });
const [users] = hexclaveCatalog.mappings.map((mapping) => compileTargetTable(mapping, {}, 'hard'));
if (users === undefined) throw new Error('no mapping');
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

/** Prepares the table as that role; the error that this ends with, or `null`. */
async function tryIt(as = role, name?: string): Promise<DestinationError | null> {
  const url = new URL(database.connectionString);
  const connection = {
    ...{ host: url.hostname, port: Number(url.port), user: as, password: 'p', tls: { mode: 'disable' as const } },
    database: name ?? url.pathname.slice(1),
  };
  try {
    const opened = await destination.connect(connection, 'hexclave', owner);
    const prepared = await opened.prepare([users as NonNullable<typeof users>]).finally(() => opened.close());
    const [result] = [...prepared.values()];
    return result !== undefined && 'failure' in result ? (result.failure as DestinationError) : null;
  } catch (error) {
    return error as DestinationError;
  }
}

/** The SQL of a remedy: from the colon to the last semicolon. */
function sqlOf({ remedy }: DestinationError): string {
  return remedy.slice(remedy.indexOf(': ') + 2, remedy.lastIndexOf(';') + 1);
}

test('the SQL for a role without rights gives it those that are needed', async () => {
  await database.db.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  const refused = await tryIt();
  expect(refused).toMatchObject({ code: 'TARGET_PERMISSION_DENIED', sqlState: '42501' });
  await database.db.query(sqlOf(refused as DestinationError));
  expect(await tryIt()).toBeNull();
});

test('the SQL for a table that is in the way moves it out of the way, and keeps it', async () => {
  await database.db.query(`CREATE SCHEMA hexclave AUTHORIZATION ${id(role)}`);
  await database.db.query('CREATE TABLE hexclave.users (mine int); INSERT INTO hexclave.users VALUES (1)');
  const refused = await tryIt();
  expect(refused?.code).toBe('TARGET_TABLE_EXISTS');
  expect(refused?.remedy).toContain('dbSync.externalDatabases.main.tables.users.targetName');
  await database.db.query(sqlOf(refused as DestinationError));
  expect(await tryIt()).toBeNull();
  expect(await database.db.query('SELECT mine FROM hexclave.users_of_before')).toEqual([{ mine: 1 }]);
});

test('who may not sign in, and what does not exist, is named', async () => {
  expect((await tryIt('nobody_of_that_name'))?.remedy).toContain('ALTER ROLE "nobody_of_that_name"');
  expect((await tryIt(role, 'no_such_database'))?.remedy).toContain('CREATE DATABASE "no_such_database";');
});

test('every error says what to do, and one that says it exactly keeps its own words', () => {
  const place = { externalDatabaseId: 'main', role: 'r', database: 'd', schema: 's' };
  for (const code of Object.keys(DESTINATION_ERRORS) as (keyof typeof DESTINATION_ERRORS)[]) {
    const error = withRemedy(new DestinationError(code, { sqlState: '00000', detail: 'x' }), place, users);
    expect(error).toMatchObject({ code, sqlState: '00000' });
    expect(error.message).toBe(`${DESTINATION_ERRORS[code].message} (x)`);
    expect(error.remedy).not.toMatch(/undefined|''::regclass/);
    expect(error.remedy.length).toBeGreaterThan(10);
  }
  const exact = new DestinationError('TARGET_PERMISSION_DENIED', { remedy: 'GRANT …' });
  expect(withRemedy(exact, place, users)).toBe(exact);
});
