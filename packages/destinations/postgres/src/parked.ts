import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import type { DestinationError, ParkedRow, TargetTable } from '@hexclave/sync';
import type pg from 'pg';
import { BEGIN, type Names, namesIn } from './names.ts';
import { readBounded, runStatements } from './transaction.ts';

/** Between attempts at a parked row: doubles from a minute to an hour. */
const RETRY_AFTER = "LEAST(interval '1 hour', interval '1 minute' * power(2, LEAST(p.attempts, 10)))";

function keyJson(key: readonly string[]): string {
  return `${quoteLiteral(JSON.stringify(key))}::jsonb`;
}

/** Parks one row, or counts one more attempt at it. Only its key and the kind of error are kept, none of its values. */
export function parkSql(names: Names, target: TargetTable, key: readonly string[], refusal: DestinationError): string {
  return `INSERT INTO ${names.parked} AS p (mapping_name, key, error_code, error_sqlstate, error_message, attempts, parked_at, next_attempt_at)
    VALUES (${quoteLiteral(target.mapping)}, ${keyJson(key)}, ${quoteLiteral(refusal.code)}, ${quoteLiteral(refusal.sqlState)}, ${quoteLiteral(refusal.message)}, 1, now(), now() + interval '1 minute')
    ON CONFLICT (mapping_name, key) DO UPDATE SET error_code = excluded.error_code, error_sqlstate = excluded.error_sqlstate,
      error_message = excluded.error_message, attempts = p.attempts + 1, next_attempt_at = now() + ${RETRY_AFTER}`;
}

/** A row that was applied or deleted is no longer parked. Costs one look at an empty index when none are. */
export function forgetParkedSql(names: Names, target: TargetTable, keys: readonly (readonly string[])[]): string {
  const list = keys.map(keyJson).join(', ');
  return `DELETE FROM ${names.parked} WHERE mapping_name = ${quoteLiteral(target.mapping)} AND key IN (${list})`;
}

/** Which of these keys are parked, as `key`. */
export function parkedAmongSql(names: Names, target: TargetTable, keys: readonly (readonly string[])[]): string {
  const list = keys.map(keyJson).join(', ');
  return `SELECT key FROM ${names.parked} WHERE mapping_name = ${quoteLiteral(target.mapping)} AND key IN (${list})`;
}

/** As {@link forgetParkedSql} after a bulk load, for the keys that are in the target now or in no staged row. */
export function forgetParkedAmongSql(names: Names, target: TargetTable, staged: string): string {
  const key = `jsonb_build_array(${target.key.map((column) => `s.${id(column)}::text`).join(', ')})`;
  return `DELETE FROM ${names.parked} p WHERE p.mapping_name = ${quoteLiteral(target.mapping)} AND EXISTS (SELECT 1 FROM ${staged} s WHERE ${key} = p.key)`;
}

/** Rows whose next attempt is due, the longest waiting first. */
export async function dueParkedRows(
  client: pg.Client,
  names: Names,
  target: TargetTable,
  limit: number,
): Promise<ParkedRow[]> {
  const rows = await readBounded<{ key: string[]; code: string; sql_state: string | null; attempts: number }>(
    client,
    `SELECT key, error_code AS code, error_sqlstate AS sql_state, attempts FROM ${names.parked}
     WHERE mapping_name = ${quoteLiteral(target.mapping)} AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT ${limit}`,
  );
  return rows.map((row) => ({ key: row.key, code: row.code, sqlState: row.sql_state, attempts: row.attempts }));
}

export async function makeParkedDue(client: pg.Client, names: Names, target: TargetTable): Promise<void> {
  const update = `UPDATE ${names.parked} SET next_attempt_at = now() WHERE mapping_name = ${quoteLiteral(target.mapping)} AND next_attempt_at > now()`;
  await runStatements(client, [BEGIN, update, 'COMMIT'], target);
}

export async function countParked(client: pg.Client, names: Names, target: TargetTable): Promise<number> {
  const rows = await readBounded<{ count: number }>(
    client,
    `SELECT count(*)::int AS count FROM ${names.parked} WHERE mapping_name = ${quoteLiteral(target.mapping)}`,
  );
  return rows[0]?.count ?? 0;
}

/** What their owner asks to see which rows of a mapping are parked, and why. */
export function parkedRowsSql(schema: string, mapping: string): string {
  return `SELECT key, error_code, error_sqlstate, error_message, parked_at, next_attempt_at FROM ${namesIn(schema).parked} WHERE mapping_name = ${quoteLiteral(mapping)} ORDER BY parked_at`;
}
