import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { quoteLiteral } from '@hexclave/db';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { ServerFacts } from './server.ts';

/** A connection to measure on. */
export type MeasuredSession = {
  readonly client: pg.ClientBase;
  readonly server: ServerFacts;
  readonly beside: Beside;
};

/** Runs one statement as the same role, but on another connection: this one may be busy. */
export type Beside = (sql: string) => Promise<unknown>;

/** Of one statement, in ms. */
export type Limits = { readonly statementMs: number; readonly lockMs: number };

/** Begins a transaction in which nothing lasts for long. Its name tells in `pg_stat_activity` what it is, and finds it. */
export function openingOf({ statementMs, lockMs }: Limits, queryId: string): string {
  return `BEGIN; SET LOCAL statement_timeout = ${statementMs}; SET LOCAL lock_timeout = ${lockMs};
    SET LOCAL idle_in_transaction_session_timeout = ${statementMs}; SET LOCAL synchronous_commit = off;
    SET LOCAL application_name = ${quoteLiteral(nameOf(queryId))}`;
}

function nameOf(queryId: string): string {
  return `hexclave profile ${queryId}`;
}

/** A statement that comes right between two looks for it is found by the next one. */
const CANCEL_AGAIN_MS = 50;

/**
 * Runs `work`, which opens its transaction with {@link openingOf}, and has its statement cancelled when `signal` aborts: by
 * name, since behind a pooler a connection does not know which process serves it. The connection should not be used
 * again then: a cancellation may still be on its way.
 */
export async function cancellable<T>(
  beside: Beside,
  queryId: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  let running = true;
  const cancel = async () => {
    while (running) {
      await beside(
        `SELECT pg_catalog.pg_cancel_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE a.application_name = ${quoteLiteral(nameOf(queryId))}`,
      ).catch(() => undefined);
      await delay(CANCEL_AGAIN_MS);
    }
  };
  const onAbort = () => void cancel();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work();
  } finally {
    running = false;
    signal.removeEventListener('abort', onAbort);
  }
}

/** Reads rows under the limits of a profile. */
export async function readWithin<Row extends object>(
  { client, beside }: Omit<MeasuredSession, 'server'>,
  { queryId, limits, signal }: { queryId: string; limits: Limits; signal: AbortSignal },
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  return cancellable(beside, queryId, signal, async () => {
    try {
      await client.query(`${openingOf(limits, queryId)}; SET TRANSACTION READ ONLY`);
      const { rows } = await client.query<Row & pg.QueryResultRow>(text, [...values]);
      return rows;
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
    }
  });
}

/** Sends rows in COPY's format. `sql` ends with COPY … FROM STDIN. Returns how many there were. */
export async function copyInto(client: pg.ClientBase, sql: string, rows: Buffer): Promise<number> {
  const into = client.query(copyFrom(sql));
  // The pipeline listens only until it has failed once; an error that nobody listens to would end the process.
  into.on('error', () => undefined);
  await pipeline(Readable.from([rows]), into);
  return into.rowCount;
}
