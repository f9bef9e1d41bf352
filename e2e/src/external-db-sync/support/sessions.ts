import type { Database } from '@hexclave/db';
import { waitUntil } from '@hexclave/testing';
import pg from 'pg';
import { onTestFinished } from 'vitest';

/** A session of its own, for transactions and locks that stay open. Closed when the test ends, if not before. */
export async function openSession(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: 'test session' });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** Holds what the statement locks until `release`: whoever needs it is provably at that point. */
export async function holdLock(connectionString: string, statement: string): Promise<{ release(): Promise<void> }> {
  const session = await openSession(connectionString);
  await session.query('BEGIN');
  await session.query(statement);
  return {
    release: async () => {
      await session.query('ROLLBACK');
    },
  };
}

/** The backends of the server that wait for a lock in a database right now. */
export async function blockedBackends(db: Database): Promise<number[]> {
  const rows = await db.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name LIKE 'hexclave%' ORDER BY pid`,
  );
  return rows.map(({ pid }) => pid);
}

/** All backends of servers in this database, whatever they do. */
export async function serverBackends(db: Database): Promise<number[]> {
  const rows = await db.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'hexclave%' ORDER BY pid`,
  );
  return rows.map(({ pid }) => pid);
}

/** Waits until at least so many backends of the server are blocked, and returns them. */
export async function untilBlocked(db: Database, count = 1, timeoutMs = 10_000): Promise<number[]> {
  let last: number[] = [];
  await waitUntil(
    async () => {
      last = await blockedBackends(db);
      return last.length >= count;
    },
    { timeoutMs, describe: `${count} backends of the server to be blocked` },
  );
  return last;
}

/** Ends backends whose client is gone but whose statement still runs; their transactions are rolled back. */
export async function terminate(db: Database, pids: readonly number[]): Promise<void> {
  await db.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [pids]);
  await untilGone(db, pids);
}

/** Waits until backends have ended: those whose client is gone do when their statement has committed or failed. */
export async function untilGone(db: Database, pids: readonly number[]): Promise<void> {
  await waitUntil(
    async () => (await db.query('SELECT 1 FROM pg_stat_activity WHERE pid = ANY ($1)', [pids])).length === 0,
    { describe: 'the backends to end' },
  );
}
