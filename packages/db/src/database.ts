import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Preparing, preparedQueries } from './prepared.ts';
import type { Resident } from './resident.ts';
import { backoffMs, errorCode, retryability } from './retry.ts';
import { configureSession, driverTimeoutMs, type SessionOptions } from './session.ts';
import { resultTypes } from './types.ts';

/** Anything that runs one statement: a database, or one transaction of it. */
export type Queryable = {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
};

export type TransactionOptions = {
  /** How often a transaction is run in all before its last error is thrown. Default 5. */
  attempts?: number;
  /** Default: the server's (`READ COMMITTED`). */
  isolation?: 'REPEATABLE READ' | 'SERIALIZABLE';
  /** `false` lets COMMIT return before the WAL is on disk: only for work that a crash may undo harmlessly. */
  durable?: boolean;
};

/** A pool of connections to one PostgreSQL database. */
export type Database = Queryable &
  Preparing & {
    /**
     * Runs `work` in a transaction. It is run again, whole, after a deadlock, a serialization failure or a lock
     * timeout, and after a lost connection as long as COMMIT was not sent: so `work` must do nothing outside.
     */
    transaction<T>(work: (tx: Queryable) => Promise<T>, options?: TransactionOptions): Promise<T>;
    readonly pool: pg.Pool;
    readonly connectionString: string;
    end(): Promise<void>;
  };

export type DatabaseOptions = SessionOptions & {
  connectionString: string;
  /** Most connections at once. Default 10. */
  max?: number;
  applicationName?: string;
  /** Takes short statements while it is idle. */
  resident?: Resident;
  /** Told of connections that break while idle; the pool replaces them by itself. */
  onError?: (error: Error) => void;
};

const RETRY_BASE_MS = 20;
const RETRY_CAP_MS = 1_000;

/** Opens a pool; nothing is connected until the first statement. */
export function createDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.max ?? 10,
    application_name: options.applicationName ?? 'hexclave',
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: resultTypes,
    // The pool waits for the promise, whatever the type says: no statement runs before the time-outs are set.
    onConnect: (client) => {
      client.on('error', () => undefined);
      return configureSession(client, options);
    },
    query_timeout: driverTimeoutMs(options),
  });
  pool.on('error', (error) => {
    // `end` does not wait until the server has taken note: one that is stopped right after it may still complain.
    if (!pool.ending) options.onError?.(error);
  });
  return {
    pool,
    connectionString: options.connectionString,
    query: (text, values) => queryWith(pool, text, values),
    ...preparedQueries(pool, options.resident),
    transaction: (work, transactionOptions) => runTransaction(pool, work, transactionOptions ?? {}),
    end: () => pool.end(),
  };
}

async function queryWith<Row extends object>(
  runner: pg.Pool | pg.PoolClient,
  text: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  const result = await runner.query<Row & pg.QueryResultRow>(text, values as unknown[] | undefined);
  return result.rows;
}

async function runTransaction<T>(
  pool: pg.Pool,
  work: (tx: Queryable) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const attempts = options.attempts ?? 5;
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(pool, work, options);
    } catch (error) {
      if (attempt >= attempts || error instanceof CommitUnknownError || retryability(error) === 'never') throw error;
      await delay(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS));
    }
  }
}

/** The connection was lost while COMMIT was under way: the transaction may have happened or not. */
export class CommitUnknownError extends Error {
  override name = 'CommitUnknownError';
}

async function runOnce<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>, options: TransactionOptions): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(beginStatement(options));
    const result = await work({ query: (text, values) => queryWith(client, text, values) });
    await commit(client);
    return result;
  } catch (error) {
    broken = await rollback(client, error);
    throw error;
  } finally {
    client.release(broken);
  }
}

function beginStatement(options: TransactionOptions): string {
  const begin = options.isolation === undefined ? 'BEGIN' : `BEGIN ISOLATION LEVEL ${options.isolation}`;
  return options.durable === false ? `${begin}; SET LOCAL synchronous_commit = off` : begin;
}

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    if (retryability(error) !== 'connection') throw error;
    throw new CommitUnknownError('The connection was lost during COMMIT', { cause: error });
  }
}

/** Returns the error that makes the connection unusable, if it is. */
async function rollback(client: pg.PoolClient, cause: unknown): Promise<Error | undefined> {
  if (cause instanceof CommitUnknownError || retryability(cause) === 'connection') return cause as Error;
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(errorCode(error) ?? 'rollback failed');
  }
}
