import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import type { DestinationError, Key, TargetTable } from '@hexclave/sync';
import type pg from 'pg';
import { BEGIN, type Names, namesIn } from './names.ts';
import { readBounded, runStatements } from './transaction.ts';

/** How often a row was tried, within reason: the owner of the target may have written any number, or none. */
const TRIED = 'LEAST(GREATEST(p.attempts, 1), 1000000)';
/** Between attempts at a parked row: doubles from a minute to an hour. */
const RETRY_AFTER = `LEAST(interval '1 hour', interval '1 minute' * power(2, LEAST(${TRIED}, 10)))`;
/** What no attempt of ours can have been put off to counts as due, too. */
const IS_DUE = "(p.next_attempt_at > now() AND p.next_attempt_at <= now() + interval '1 hour') IS NOT TRUE";
/** No key of ours has more bytes. */
const LONGEST_KEY = 1_000;

function keyJson(key: readonly string[]): string {
  return `${quoteLiteral(JSON.stringify(key))}::jsonb`;
}

/** Parks one row, or counts one more attempt at it. Only its key and the kind of error are kept, none of its values. */
export function parkSql(names: Names, target: TargetTable, key: readonly string[], refusal: DestinationError): string {
  return `INSERT INTO ${names.parked} AS p (mapping_name, key, error_code, error_sqlstate, error_message, attempts, parked_at, next_attempt_at)
    VALUES (${quoteLiteral(target.mapping)}, ${keyJson(key)}, ${quoteLiteral(refusal.code)}, ${quoteLiteral(refusal.sqlState)}, ${quoteLiteral(refusal.message)}, 1, now(), now() + interval '1 minute')
    ON CONFLICT (mapping_name, key) DO UPDATE SET error_code = excluded.error_code, error_sqlstate = excluded.error_sqlstate,
      error_message = excluded.error_message, attempts = ${TRIED} + 1, next_attempt_at = now() + ${RETRY_AFTER}`;
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

/** Keys of rows whose next attempt is due, the longest waiting first. What cannot be a key by its form is deleted. */
export async function dueParkedRows(
  client: pg.Client,
  names: Names,
  target: TargetTable,
  limit: number,
): Promise<Key[]> {
  const rows = await readBounded<{ key: string[] }>(
    client,
    `WITH due AS (
       SELECT p.ctid AS place, p.key, ${hasFormOfKey(target)} AS usable FROM ${names.parked} p
       WHERE p.mapping_name = ${quoteLiteral(target.mapping)} AND ${IS_DUE} ORDER BY p.next_attempt_at LIMIT ${limit}
     ), deleted AS (DELETE FROM ${names.parked} p USING due WHERE p.ctid = due.place AND due.usable IS NOT TRUE)
     SELECT key FROM due WHERE usable`,
  );
  return rows.map(({ key }) => key);
}

/** Whether it is an array of as many texts as there are key columns. CASE, since the functions fail on anything but an array. */
function hasFormOfKey({ key }: TargetTable): string {
  return `CASE WHEN pg_catalog.jsonb_typeof(p.key) = 'array' THEN pg_catalog.jsonb_array_length(p.key) = ${key.length}
      AND pg_catalog.octet_length(p.key::text) <= ${LONGEST_KEY}
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.jsonb_array_elements(p.key) e WHERE pg_catalog.jsonb_typeof(e.value) <> 'string') END`;
}

export async function forgetParked(
  client: pg.Client,
  names: Names,
  target: TargetTable,
  keys: readonly Key[],
): Promise<void> {
  await runStatements(client, [BEGIN, forgetParkedSql(names, target, keys), 'COMMIT']);
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
