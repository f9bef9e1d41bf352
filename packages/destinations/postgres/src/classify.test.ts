import { compileTargetTable, DestinationError, hexclaveCatalog } from '@hexclave/sync';
import { createEmptyDatabase, type TestDatabase } from '@hexclave/testing';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { classify } from './classify.ts';

const CANARY = 'canary-7f3a';
let database: TestDatabase;

beforeAll(async () => {
  database = await createEmptyDatabase();
  await database.db.query(`CREATE TABLE users (id int PRIMARY KEY, n int NOT NULL, short varchar(3), mine int,
    CONSTRAINT small CHECK (n < 10))`);
  await database.db.query('INSERT INTO users VALUES (1, 1)');
  await database.db.query(`CREATE FUNCTION raise(code text) RETURNS int LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '${CANARY}' USING ERRCODE = code; END $$`);
});

async function errorOf(sql: string): Promise<unknown> {
  return database.db.query(sql).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('what a real server says', () => {
  test.each([
    [`INSERT INTO users VALUES (1, 1)`, 'TARGET_ROW_REFUSED', '23505', 'constraint users_pkey'],
    [`INSERT INTO users VALUES (2, 99)`, 'TARGET_ROW_REFUSED', '23514', 'constraint small'],
    [`INSERT INTO users VALUES (2, NULL)`, 'TARGET_ROW_REFUSED', '23502', 'column n'],
    [`INSERT INTO users VALUES (2, 2, '${CANARY}')`, 'TARGET_ROW_REFUSED', '22001', ''],
    [`INSERT INTO users VALUES (2, '${CANARY}'::text::int)`, 'TARGET_ROW_REFUSED', '22P02', ''],
    ['SELECT 1 / 0', 'TARGET_ROW_REFUSED', '22012', ''],
    [`SELECT raise('45000')`, 'TARGET_ROW_REFUSED', '45000', ''],
    [`SELECT raise('P0001')`, 'TARGET_ROW_REFUSED', 'P0001', ''],
    [`SELECT raise('40001')`, 'TARGET_CONFLICT', '40001', ''],
    ['SELECT missing FROM users', 'TARGET_DRIFT', '42703', ''],
    ['SELECT * FROM nowhere', 'TARGET_TABLE_MISSING', '42P01', ''],
    ['SELECT * FROM nowhere.users', 'TARGET_TABLE_MISSING', '42P01', ''],
    ['SELEC', 'TARGET_ERROR', '42601', ''],
    ["SET statement_timeout = '1ms'; SELECT pg_sleep(1)", 'TARGET_TIMEOUT', '57014', ''],
    ['SET transaction_read_only = on; CREATE TABLE x ()', 'TARGET_READ_ONLY', '25006', ''],
  ])('%s: %s', async (sql, code, sqlState, named) => {
    const error = classify(await errorOf(sql));
    expect(error).toMatchObject({ code, sqlState });
    expect(error.message).toContain(named);
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(CANARY);
  });
});

test('a column that must be filled and is not ours is drift; one of ours refuses the row', async () => {
  const [users] = hexclaveCatalog.mappings;
  if (users === undefined) throw new Error('no mapping');
  const target = compileTargetTable(users, {}, 'hard');
  const error = await errorOf('INSERT INTO users VALUES (3, NULL)');
  expect(classify(error, target).code).toBe('TARGET_DRIFT');
  const ours = { ...target, columns: [...target.columns, { name: 'n', type: 'int', notNull: true }] };
  expect(classify(error, ours).code).toBe('TARGET_ROW_REFUSED');
  expect(classify(error, { ...target, name: 'another' }).code).toBe('TARGET_ROW_REFUSED');
});

describe('what a driver says', () => {
  const url = () => new URL(database.connectionString);

  test.each([
    ['a wrong password', () => ({ password: CANARY }), 'TARGET_SIGN_IN_FAILED'],
    ['a user that is not there', () => ({ user: CANARY }), 'TARGET_SIGN_IN_FAILED'],
    ['a database that is not there', () => ({ database: CANARY }), 'TARGET_DATABASE_MISSING'],
    ['a port where nothing listens', () => ({ port: 1 }), 'TARGET_UNREACHABLE'],
    ['TLS where there is none', () => ({ ssl: true }), 'TARGET_TLS_FAILED'],
  ] as const)('%s', async (_, over, code) => {
    const at = url();
    const base = {
      host: at.hostname,
      port: Number(at.port),
      user: at.username,
      password: decodeURIComponent(at.password),
      database: database.name,
    };
    const client = new pg.Client({ ...base, ...over() });
    client.on('error', () => undefined);
    const error = classify(await client.connect().catch((caught: unknown) => caught));
    await client.end().catch(() => undefined);
    expect(error.code).toBe(code);
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain(CANARY);
  });

  test.each([
    [new Error('Query read timeout'), 'TARGET_UNREACHABLE'],
    [new Error('Connection terminated unexpectedly'), 'TARGET_UNREACHABLE'],
    [Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }), 'TARGET_UNREACHABLE'],
    [Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' }), 'TARGET_TLS_FAILED'],
    [new TypeError(`cannot read ${CANARY}`), 'TARGET_ERROR'],
    [CANARY, 'TARGET_ERROR'],
    [undefined, 'TARGET_ERROR'],
  ])('%s', (thrown, code) => {
    const error = classify(thrown);
    expect(error.code).toBe(code);
    expect(error.message).not.toContain(CANARY);
    expect(error.remedy).not.toBe('');
  });

  test('what was classified before stays as it is', () => {
    const error = new DestinationError('TARGET_LOCKED');
    expect(classify(error)).toBe(error);
  });
});
