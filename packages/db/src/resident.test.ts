import { createEmptyDatabase, type TestDatabase, waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type Database } from './database.ts';
import { createResident, type Resident } from './resident.ts';

let database: TestDatabase;
let resident: Resident;
let db: Database;
let wakes = 0;
let errors: unknown[] = [];
let stop: () => Promise<void>;

beforeEach(async () => {
  database = await createEmptyDatabase();
  const { connectionString } = database;
  resident = createResident({ connectionString, applicationName: 'resident' });
  db = createDatabase({ connectionString, max: 2, applicationName: 'pool', resident });
  wakes = 0;
  errors = [];
  const stopping = new AbortController();
  const channels = { 'a "channel"': () => (wakes += 1) };
  const listening = resident.listen({ channels, onError: (error) => errors.push(error) }, stopping.signal);
  stop = async () => {
    stopping.abort();
    await listening;
    await db.end();
  };
  await waitUntil(() => wakes === 1, { describe: 'the listener to be ready' });
});

afterEach(async () => {
  await stop();
  await database.drop();
});

type Session = { pid: number; name: string };
const SESSION = { text: `SELECT pg_backend_pid() AS pid, current_setting('application_name') AS name`, values: [] };

async function ask(): Promise<Session | undefined> {
  return (await db.queryPrepared<Session>(SESSION.text, []))[0];
}

/** Keeps the resident connection busy until it is released. */
async function keepBusy(): Promise<{ release: () => Promise<void> }> {
  const holder = createDatabase({ connectionString: database.connectionString, max: 1 });
  await holder.query('SELECT pg_advisory_lock(1)');
  const waiting = db.queryPrepared('SELECT pg_advisory_lock($1)', [1]);
  const blocked = () => database.db.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
  await waitUntil(async () => (await blocked()).length === 1, { describe: 'the statement to wait' });
  return {
    release: async () => {
      await holder.end();
      await waiting;
    },
  };
}

describe('a resident connection', () => {
  test('hears messages, and takes statements while it is idle', async () => {
    await db.query('NOTIFY "a ""channel"""');
    await waitUntil(() => wakes === 2, { describe: 'the message' });
    expect((await ask())?.name).toBe('resident');
  });

  test('that is busy holds nobody up: others go to the pool, in their order', async () => {
    const { release } = await keepBusy();
    expect((await ask())?.name).toBe('pool');
    await db.query('CREATE TABLE t (id int)');
    const [, rows] = await db.queryTogether<[object, { id: number }]>([
      { text: 'INSERT INTO t VALUES ($1)', values: [7] },
      { text: 'SELECT id FROM t', values: [] },
    ]);
    expect(rows).toEqual([{ id: 7 }]);
    await release();
    expect((await ask())?.name).toBe('resident');
  });

  test('takes several statements in one round trip, each of which sees those before', async () => {
    await db.query('CREATE TABLE t (id int)');
    const [, [first], , [second]] = await db.queryTogether<[object, { count: number }, object, { count: number }]>([
      { text: 'INSERT INTO t VALUES ($1)', values: [1] },
      { text: 'SELECT count(*)::int AS count FROM t', values: [] },
      { text: 'DELETE FROM t WHERE id = $1', values: [1] },
      { text: 'SELECT count(*)::int AS count FROM t', values: [] },
    ]);
    expect([first, second]).toEqual([{ count: 1 }, { count: 0 }]);
  });

  test('one statement that fails spoils neither those behind it nor the connection', async () => {
    await db.query('CREATE TABLE t (id int PRIMARY KEY)');
    const insert = (id: number) => ({ text: 'INSERT INTO t VALUES ($1)', values: [id] });
    await expect(db.queryTogether([insert(1), insert(1), insert(2)])).rejects.toMatchObject({ code: '23505' });
    await waitUntil(async () => (await ask())?.name === 'resident', { describe: 'the connection to be idle' });
    expect(await db.query('SELECT id FROM t ORDER BY 1')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('that is lost is replaced; the pool does its work meanwhile, and who waits for messages is told to look', async () => {
    const before = await ask();
    await database.db.query('SELECT pg_terminate_backend($1)', [before?.pid]);
    await waitUntil(() => errors.length === 1, { describe: 'the loss to be noticed' });
    expect((await ask())?.name).toBe('pool');
    await waitUntil(() => wakes === 2, { describe: 'a new connection' });
    const after = await ask();
    expect(after?.name).toBe('resident');
    expect(after?.pid).not.toBe(before?.pid);
  });

  test('ends only when what is under way on it has its answer', async () => {
    const { release } = await keepBusy();
    let ended = false;
    const stopped = stop().then(() => {
      ended = true;
    });
    expect((await database.db.query<{ n: number }>('SELECT 1 AS n'))[0]?.n).toBe(1);
    expect(ended).toBe(false);
    await release();
    await stopped;
    stop = async () => undefined;
  });
});
