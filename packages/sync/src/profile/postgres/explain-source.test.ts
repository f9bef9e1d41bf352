import { createDatabase, type Database } from '@hexclave/db';
import { atEndOfFile, startExtraCluster } from '@hexclave/testing';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_PATIENCE, readResult } from '../read-result.ts';
import { type ExplainAnswer, explain, toEntry } from './explain.ts';
import { explainSource } from './explain-source.ts';
import { oldServerLacks, readServerFacts, type ServerFacts } from './server.ts';

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

async function measure(text: string, before: string[] = [], values: unknown[] = []) {
  const facts = await readServerFacts(client);
  const source = explainSource(client, facts, { text, values, before, limits: LIMITS });
  await source.execute('q');
  return readResult(source, 'q', DEFAULT_PATIENCE, new AbortController().signal);
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
    const facts = await readServerFacts(client);
    const slow = explainSource(client, facts, {
      text: 'SELECT pg_sleep(60)',
      before: [],
      limits: { statementMs: 50, lockMs: 50 },
    });
    await expect(slow.execute('q')).rejects.toMatchObject({ code: '57014' });
    expect(await slow.lookUp('q')).toEqual([]);
    expect((await measure(SELECT, [], [990])).measures.rows).toBe(10);
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
    expect(oldServerLacks(facts)).toMatchObject({
      wal_size: 'PostgreSQL 12.22 does not count it; 13 and newer do.',
      usual_time: 'PostgreSQL 12.22 does not count it; 14 and newer do.',
    });
  });

  test('gives an entry that can be trusted all the same', async () => {
    const entry = toEntry('q', facts, answer);
    const lookUp = async () => [entry];
    const found = await readResult({ lookUp }, 'q', DEFAULT_PATIENCE, new AbortController().signal);
    expect(found.measures).toMatchObject({
      execution_time: 0.2,
      rows: 3,
      buffers_hit: 4 * 8_192,
      temporary_read: 2 * 8_192,
    });
  });
});
