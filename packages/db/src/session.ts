import type pg from 'pg';

export type SessionOptions = {
  /** No statement may run longer. Default 30,000. */
  readonly statementTimeoutMs?: number;
  /** No statement may wait longer for a lock. Default 10,000. */
  readonly lockTimeoutMs?: number;
};

const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Values that are read as text here are written as text elsewhere, where other defaults may hold: in this form they mean
 * the same everywhere. Keys are also told apart by their text: in another time zone a row that was refused would be found
 * under no key that a later look has.
 */
const UNAMBIGUOUS = `SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; SET extra_float_digits = 1; SET bytea_output = 'hex'`;

/** Sets up a new connection. Not by start-up parameters: transaction poolers refuse those. */
export async function configureSession(client: pg.ClientBase, options: SessionOptions): Promise<void> {
  const statement = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const lock = options.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  await client.query(
    `SET statement_timeout = ${statement}; SET lock_timeout = ${lock}; SET idle_in_transaction_session_timeout = 60000; ${UNAMBIGUOUS}`,
  );
}

/** For the timer in the driver, which backs up the server's. */
export function driverTimeoutMs(options: SessionOptions): number {
  return (options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS) + 5_000;
}
