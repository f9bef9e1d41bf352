import { createDatabase, type Database } from '@hexclave/db';
import { atEndOfFile, createEmptyDatabase, startExtraCluster } from '@hexclave/testing';
import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readServerFacts, type ServerFacts } from './server.ts';
import { readUsual } from './usual.ts';

const LIMITS = { statementMs: 5_000, lockMs: 50 };
/** The fewest that the extension lets itself be told to remember. */
const REMEMBERED = 100;
const SELECT = 'SELECT t.n FROM things t WHERE t.n > 990';

let db: Database;
let client: pg.PoolClient;
let server: ServerFacts;

beforeAll(async () => {
  const cluster = await startExtraCluster({
    settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.max': String(REMEMBERED) },
  });
  db = createDatabase({ connectionString: cluster.connectionString('postgres'), max: 2 });
  atEndOfFile(() => db.end());
  client = await db.pool.connect();
  atEndOfFile(async () => client.release());
  await db.query('CREATE EXTENSION pg_stat_statements');
  await db.query('CREATE TABLE things AS SELECT n FROM generate_series(1, 1000) n');
  server = await readServerFacts(client);
});

beforeEach(() => db.query('SELECT pg_stat_statements_reset()'));

async function usual(facts = server) {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>({
    text: `EXPLAIN (VERBOSE, FORMAT JSON) ${SELECT}`,
    types: { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig,
  });
  const identifier = /"Query Identifier": (-?\d+)/.exec(rows[0]?.['QUERY PLAN'] ?? '')?.[1];
  return readUsual(client, facts, identifier, LIMITS);
}

const bothLack = (reason: unknown) => ({ measures: {}, lacking: { usual_calls: reason, usual_time: reason } });

describe('pg_stat_statements', () => {
  test('tells how often a statement ran and how long it took, from the first run on, and never a zero before', async () => {
    expect(await usual()).toEqual(bothLack(expect.stringContaining('has not been run since')));
    await db.query(SELECT);
    await db.query(SELECT);
    expect(await usual()).toEqual({
      measures: {
        usual_calls: { value: 2, unit: 'calls' },
        usual_time: { value: expect.any(Number), unit: 'ms' },
      },
      lacking: {},
    });
  });

  test('says that a statement was let go of for lack of room, and tells of it again once it is back', async () => {
    await db.query(SELECT);
    for (let n = 0; n < REMEMBERED * 2; n++) {
      // Names and constants make no difference to the extension.
      const others = `SELECT 1${', 1'.repeat(n)}`;
      await db.query(others);
      await db.query(others);
    }
    expect(await usual()).toEqual(bothLack(expect.stringMatching(/made room \d+ times: raise pg_stat_statements.max/)));
    for (let run = 0; run < 3; run++) await db.query(SELECT);
    expect((await usual()).measures).toMatchObject({ usual_calls: { value: 3 } });
  });

  test('counts no other database’s statements', async () => {
    await db.query(SELECT);
    await db.query('CREATE DATABASE elsewhere');
    const other = createDatabase({ connectionString: db.connectionString.replace(/\/postgres/, '/elsewhere'), max: 1 });
    try {
      await other.query('CREATE TABLE things (n int)');
      await other.query(SELECT);
    } finally {
      await other.end();
    }
    expect((await usual()).measures).toMatchObject({ usual_calls: { value: 1 } });
  });

  test('is not there, is closed to the role, or gives no ids: each is said, and what can be measured is', async () => {
    expect((await usual({ ...server, statistics: null })).lacking.usual_time).toContain('is not installed');
    await client.query('SET compute_query_id = off');
    expect(await usual()).toEqual(bothLack(expect.stringContaining('compute_query_id is off')));
    await client.query('RESET compute_query_id');
    await db.query('REVOKE SELECT ON pg_stat_statements FROM PUBLIC');
    await db.query('CREATE ROLE stranger');
    await client.query('SET ROLE stranger');
    try {
      const { lacking } = await readUsual(client, server, '1', LIMITS);
      expect(lacking.usual_calls).toBe('That role may not read pg_stat_statements.');
    } finally {
      await client.query('RESET ROLE');
    }
  });

  test('that was installed but not loaded says so', async () => {
    const { db: bare } = await createEmptyDatabase();
    const connection = await bare.pool.connect();
    try {
      await connection.query('CREATE EXTENSION pg_stat_statements');
      const { lacking } = await readUsual(connection, await readServerFacts(connection), '1', LIMITS);
      expect(lacking.usual_time).toContain('is not among the shared_preload_libraries');
    } finally {
      connection.release();
    }
  });
});
