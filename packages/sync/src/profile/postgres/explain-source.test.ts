import { createDatabase, type Database } from '@hexclave/db';
import { atEndOfFile, startExtraCluster, waitUntil } from '@hexclave/testing';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_PATIENCE, readResult } from '../read-result.ts';
import { copySource } from './copy-source.ts';
import { type ExplainAnswer, explain, toEntry } from './explain.ts';
import { explainSource } from './explain-source.ts';
import type { MeasuredSession } from './rolled-back.ts';
import { explainLacks, readServerFacts, type ServerFacts } from './server.ts';
import { readUsual } from './usual.ts';

const LIMITS = { statementMs: 5_000, lockMs: 50 };
const SELECT = 'SELECT t.n FROM things t WHERE t.n > $1';

let db: Database;
let client: pg.PoolClient;

beforeAll(async () => {
  const cluster = await startExtraCluster({ settings: { shared_preload_libraries: 'pg_stat_statements' } });
  db = createDatabase({ connectionString: cluster.connectionString('postgres'), max: 2 });
  atEndOfFile(() => db.end());
  client = await db.pool.connect();
  atEndOfFile(async () => client.release());
  await db.query('CREATE EXTENSION pg_stat_statements');
  await db.query('CREATE TABLE things AS SELECT n FROM generate_series(1, 1000) n');
});

const NEVER = new AbortController().signal;

async function session(): Promise<MeasuredSession> {
  return { client, server: await readServerFacts(client), beside: (sql) => db.query(sql) };
}

async function measure(text: string, before: string[] = [], values: unknown[] = []) {
  const source = explainSource(await session(), { text, values, before, limits: LIMITS });
  await source.execute('q', NEVER);
  return readResult(source, 'q', DEFAULT_PATIENCE, NEVER);
}

describe('EXPLAIN as a source', () => {
  test('measures everything, what the server remembers of the statement included', async () => {
    for (let run = 0; run < 3; run++) await client.query(SELECT, [0]);
    const { measures, lacking, plan } = await measure(SELECT, [], [0]);
    expect(lacking).toEqual({});
    expect(measures).toMatchObject({ rows: 1_000, usual_calls: 3 });
    expect(measures.usual_time).toBeGreaterThan(0);
    expect(plan).toMatchObject({ node: 'Seq Scan', relation: 'things', rows: 1_000 });
  });

  test('counts the rows that are changed, and undoes it', async () => {
    const { measures, plan } = await measure('UPDATE things SET n = -n', ['CREATE TEMP TABLE mark (n int)']);
    expect(measures.rows).toBe(1_000);
    expect(measures.wal_records).toBeGreaterThan(0);
    expect(plan?.node).toBe('Update');
    expect(await db.query('SELECT count(*)::int AS n FROM things WHERE n > 0')).toEqual([{ n: 1_000 }]);
  });

  test('spends processor time on a statement that does so', async () => {
    const { measures } = await measure('SELECT sum(sqrt(n)) FROM generate_series(1, 300000) n');
    expect(measures.cpu_time).toBeGreaterThan(1);
  });

  test('is cancelled in time, undone, and asked again without harm', async () => {
    const slow = explainSource(await session(), {
      text: 'SELECT pg_sleep(60)',
      before: [],
      limits: { statementMs: 50, lockMs: 50 },
    });
    await expect(slow.execute('q', NEVER)).rejects.toMatchObject({ code: '57014' });
    expect(await slow.lookUp('q')).toEqual([]);
    expect((await measure(SELECT, [], [990])).measures.rows).toBe(10);
  });

  test('is cancelled when its caller goes, long before its time is up, and leaves no lock', async () => {
    const caller = new AbortController();
    const limits = { statementMs: 60_000, lockMs: 50 };
    const slow = explainSource(await session(), { text: 'SELECT pg_sleep(60)', before: ['LOCK TABLE things'], limits });
    const executed = slow.execute('gone', caller.signal);
    const refusal = expect(executed).rejects.toMatchObject({ code: '57014' });
    const running = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'hexclave profile gone' AND query LIKE '%pg_sleep%'`;
    await waitUntil(async () => (await db.query(running)).length === 1, { describe: 'the statement to run' });
    caller.abort();
    await refusal;
    await db.query('BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE NOWAIT; ROLLBACK');
    await expect(slow.execute('late', caller.signal)).rejects.toThrow('aborted');
  });

  test('says why it lacks processor time where it may not ask', async () => {
    await db.query('CREATE ROLE nobody_special');
    await db.query('GRANT SELECT ON things TO nobody_special');
    await client.query('SET ROLE nobody_special');
    const { measures, lacking } = await measure(SELECT, [], [0]).finally(() => client.query('RESET ROLE'));
    expect(measures).not.toHaveProperty('cpu_time');
    expect(lacking.cpu_time).toContain('superuser');
  });
});

describe('COPY as a source', () => {
  const staging = { create: 'CREATE TEMP TABLE staged (n int) ON COMMIT DROP', copy: 'COPY pg_temp.staged FROM STDIN' };

  test('counts its rows by our own clock, and says why it lacks all that only EXPLAIN tells', async () => {
    const rows = Buffer.from(Array.from({ length: 5_000 }, (_, n) => `${n}\n`).join(''));
    const source = copySource(await session(), { ...staging, rows, limits: LIMITS });
    await source.execute('q', NEVER);
    const { measures, lacking, plan } = await readResult(source, 'q', DEFAULT_PATIENCE, NEVER);
    expect(Object.keys(measures).sort()).toEqual(['cpu_time', 'execution_time', 'rows']);
    expect(measures.rows).toBe(5_000);
    expect(measures.execution_time).toBeGreaterThan(0);
    expect(lacking.planning_time).toBe('PostgreSQL does not explain COPY.');
    expect(plan).toBeNull();
  });

  test('fails as the server says, and leaves the connection usable', async () => {
    const source = copySource(await session(), { ...staging, rows: Buffer.from('no number\n'), limits: LIMITS });
    await expect(source.execute('q', NEVER)).rejects.toMatchObject({ code: '22P02' });
    expect(await source.lookUp('q')).toEqual([]);
    expect((await measure(SELECT, [], [990])).measures.rows).toBe(10);
  });
});

describe('rows that are staged before a statement', () => {
  test('are there when it runs, and gone afterwards', async () => {
    const staged = {
      create: 'CREATE TEMP TABLE staged (n int) ON COMMIT DROP',
      copy: 'COPY pg_temp.staged FROM STDIN',
      rows: Buffer.from('1\n2\n3\n'),
    };
    const text = 'UPDATE things t SET n = -t.n FROM pg_temp.staged s WHERE t.n = s.n';
    const source = explainSource(await session(), { text, staged, before: [], limits: LIMITS });
    await source.execute('q', NEVER);
    const { measures } = await readResult(source, 'q', DEFAULT_PATIENCE, NEVER);
    expect(measures.rows).toBe(3);
    expect(await db.query('SELECT 1 FROM things WHERE n < 0')).toEqual([]);
    expect(await db.query(`SELECT 1 FROM pg_class WHERE relname = 'staged'`)).toEqual([]);
  });
});

describe('an old server', () => {
  const facts: ServerFacts = {
    version: '12.22',
    versionNumber: 120_022,
    blockSize: 8_192,
    isSuperuser: false,
    statistics: null,
  };
  const plan = Object.fromEntries(
    ['Shared', 'Local', 'Temp'].flatMap((kind) =>
      ['Hit', 'Read', 'Dirtied', 'Written'].map((what) => [`${kind} ${what} Blocks`, 2]),
    ),
  );
  const answer: ExplainAnswer = {
    Plan: { 'Node Type': 'Result', 'Actual Rows': 3, 'Actual Loops': 1, 'Plan Rows': 1, ...plan },
    'Planning Time': 0.1,
    'Execution Time': 0.2,
  };

  test('is not asked for what it does not know, which is said', () => {
    expect(explain(facts)).toBe('EXPLAIN (ANALYZE, VERBOSE, BUFFERS, FORMAT JSON)');
    expect(explain({ ...facts, versionNumber: 130_000 })).toContain(', WAL,');
    expect(explainLacks(facts)).toEqual({
      wal_size: 'PostgreSQL 12.22 does not count it; 13 and newer do.',
      wal_records: 'PostgreSQL 12.22 does not count it; 13 and newer do.',
      cpu_time: 'Only a superuser may have PostgreSQL count processor time.',
    });
  });

  test('gives an entry that can be trusted all the same', async () => {
    const entry = toEntry('q', facts, answer);
    const { measures: _none, lacking } = await readUsual(client, facts, undefined, LIMITS);
    expect(lacking.usual_time).toBe('PostgreSQL 12.22 has no ids of statements; 14 and newer do.');
    const lookUp = async () => [{ ...entry, lacking: { ...entry.lacking, ...lacking } }];
    const found = await readResult({ lookUp }, 'q', DEFAULT_PATIENCE, NEVER);
    expect(found.measures).toMatchObject({
      execution_time: 0.2,
      rows: 3,
      buffers_hit: 4 * 8_192,
      temporary_read: 2 * 8_192,
    });
  });
});
