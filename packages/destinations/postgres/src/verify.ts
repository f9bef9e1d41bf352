import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import {
  COMPARABLE_SETTINGS,
  type ComparableRows,
  compileRanges,
  DELETED_AT,
  type DestinationVerification,
  type Digest,
  type Expectation,
  type FoundDifference,
  type Key,
  keyOf,
  type PageRow,
  type Piece,
  type Position,
  type RowHash,
  type Sighting,
  settingsSql,
  type TargetTable,
} from '@hexclave/sync';
import type pg from 'pg';
import { classify } from './classify.ts';
import { divide } from './divide.ts';
import { BEGIN, type Names } from './names.ts';
import { noteSourceSql, POSITION_COLUMNS, type PositionRow, positionOf } from './own-tables.ts';
import type { PageContext } from './page.ts';
import { countParked, parkedAmongSql } from './parked.ts';
import { readBounded, rollback, runStatements } from './transaction.ts';

/** Shorter than what batches may take: nobody waits for a verification. */
const SETTINGS = settingsSql({
  ...COMPARABLE_SETTINGS,
  statement_timeout: '15000',
  lock_timeout: '2000',
  idle_in_transaction_session_timeout: '30000',
});

const BEGIN_READING = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${SETTINGS}`;
/** Deferred constraints would otherwise strike at COMMIT, when no single row can be told apart any more. */
const BEGIN_REPAIRING = `${BEGIN}; SET CONSTRAINTS ALL IMMEDIATE`;

/** The verifying part of a connection. `contextOf` gives what it takes to change a table. */
export function createVerification(
  client: pg.Client,
  names: Names,
  contextOf: (target: TargetTable) => PageContext,
): DestinationVerification {
  return {
    rowsOf: (target) => comparableRows(client, names, target),
    readPosition: (target) => readOwnPosition(contextOf(target)),
    countParked: (target) => countParked(client, names, target),
    examine: (target, keys, judge, repair) => examine(contextOf(target), keys, judge, repair),
  };
}

function comparableRows(client: pg.Client, names: Names, target: TargetTable): ComparableRows {
  const sql = compileRanges({
    from: `FROM ${names.table(target)} t WHERE ${isThere(target)}`,
    key: target.key.map((column) => `t.${id(column)}`),
    keyTypes: target.keyTypes,
    columns: target.columns.map((column) => `t.${id(column.name)}`),
  });
  const read = async <Row>(select: string) => {
    const results = await runStatements(client, [BEGIN_READING, select, 'COMMIT'], target);
    return (results.at(-2)?.rows ?? []) as Row[];
  };
  return {
    pieces: (range, limit, step) => read<Piece>(sql.pieces(range, limit, step)),
    digests: async (ranges, limit) => {
      const found = await read<Digest & { index: number }>(sql.digests(ranges, limit));
      return found.sort((a, b) => a.index - b.index);
    },
    rowHashes: (range, limit) => read<RowHash>(sql.rowHashes(range, limit)),
  };
}

function isThere(target: TargetTable): string {
  return target.deleteMode === 'soft' ? `t.${DELETED_AT} IS NULL` : 'true';
}

/** See `DestinationVerification.examine`. */
async function examine(
  context: PageContext,
  keys: readonly Key[],
  judge: (seen: Sighting) => Promise<Expectation>,
  repair: boolean,
): Promise<FoundDifference[]> {
  const { client } = context;
  try {
    const seen = await see(context, keys, repair);
    const expected = await judge(seen);
    const found = await findDifferences(context, expected);
    const outcome = repair && found.length > 0 ? await heal(context, expected, found) : found;
    await runStatements(client, ['COMMIT']);
    return outcome;
  } catch (error) {
    await rollback(client, error);
    throw error;
  }
}

/** In a schema that holds another project's copy there is nothing of ours to compare, not even with no rows. */
async function readOwnPosition(context: PageContext): Promise<Position | null> {
  const [row] = await readBounded<PositionRow>(context.client, positionSql(context));
  return row === undefined ? null : positionOf(row);
}

function positionSql({ names, owner, target }: PageContext): string {
  return `SELECT ${POSITION_COLUMNS} FROM ${names.metadata} m
    WHERE mapping_name = ${quoteLiteral(target.mapping)} AND owner = ${quoteLiteral(owner.tenancyId)}
      AND declaration_hash = ${quoteLiteral(target.hash)}`;
}

/** Reads, and with `lock` locks, the position first; what is read after it belongs to it. */
async function see(context: PageContext, keys: readonly Key[], lock: boolean): Promise<Sighting> {
  const { client } = context;
  const position = `${positionSql(context)}${lock ? ' FOR UPDATE' : ''}`;
  const begin = lock ? BEGIN_REPAIRING : BEGIN_READING;
  const results = await runStatements(client, [begin, position, parkedAmongSql(context.names, context.target, keys)]);
  const [row] = (results.at(-2)?.rows ?? []) as PositionRow[];
  return { position: row === undefined ? null : positionOf(row), parked: keysOf(results.at(-1)) };
}

function keysOf(result: pg.QueryResult | undefined): Key[] {
  return (result?.rows ?? []).map((row: { key: string[] }) => row.key);
}

async function findDifferences(context: PageContext, expected: Expectation): Promise<FoundDifference[]> {
  const wrong = await findWrong(context, expected.present);
  return [...wrong, ...(await findExtra(context, expected.absent))];
}

/**
 * Rows that are missing or different, by the bytes that the target would store: two servers may write the same value in two
 * ways, e.g. a JSON object in another encoding. A value that the target cannot even read is different from what it has.
 */
async function findWrong(context: PageContext, rows: readonly PageRow[]): Promise<FoundDifference[]> {
  const { client, target } = context;
  if (rows.length === 0) return [];
  await runStatements(client, ['SAVEPOINT compared']);
  try {
    const { rows: found } = await client.query<{ n: number; missing: boolean }>(wrongSql(context, rows));
    await runStatements(client, ['RELEASE SAVEPOINT compared']);
    return found.map(({ n, missing }) => ({
      kind: missing ? 'missing' : 'different',
      key: keyOf(target, rows[n] as PageRow),
      outcome: 'found',
    }));
  } catch (error) {
    const refusal = classify(error, target);
    if (refusal.scope !== 'row') throw refusal;
    await client.query('ROLLBACK TO SAVEPOINT compared');
    if (rows.length === 1) return [{ kind: 'different', key: keyOf(target, rows[0] as PageRow), outcome: 'found' }];
  }
  const half = Math.ceil(rows.length / 2);
  return [...(await findWrong(context, rows.slice(0, half))), ...(await findWrong(context, rows.slice(half)))];
}

function wrongSql({ names, target }: PageContext, rows: readonly PageRow[]): string {
  const typed = (row: PageRow, n: number) =>
    `(${[n, ...target.columns.map((column, index) => `${quoteLiteral(row[index] ?? null)}::${column.type}`)].join(', ')})`;
  const columns = target.columns.map((column) => id(column.name));
  const record = (side: string) => `ROW(${columns.map((column) => `${side}.${column}`).join(', ')})`;
  const same = target.key.map((key) => `t.${id(key)} = v.${id(key)}`);
  const missing = `t.${id(target.key[0] ?? '')} IS NULL`;
  return `SELECT v.hexclave_n AS n, ${missing} AS missing FROM (VALUES ${rows.map(typed).join(', ')}) AS v (hexclave_n, ${columns.join(', ')})
    LEFT JOIN ${names.table(target)} t ON ${same.join(' AND ')} AND ${isThere(target)}
    WHERE ${missing} OR pg_catalog.record_image_ne(${record('t')}, ${record('v')}) ORDER BY 1`;
}

async function findExtra(context: PageContext, keys: readonly Key[]): Promise<FoundDifference[]> {
  if (keys.length === 0) return [];
  const { client, names, target } = context;
  const typed = (key: Key, n: number) =>
    `(${[n, ...key.map((text, index) => `${quoteLiteral(text)}::${target.keyTypes[index]}`)].join(', ')})`;
  const columns = target.key.map((key) => id(key));
  const same = columns.map((column) => `t.${column} = v.${column}`);
  const [result] = await runStatements(client, [
    `SELECT v.hexclave_n AS n FROM (VALUES ${keys.map(typed).join(', ')}) AS v (hexclave_n, ${columns.join(', ')})
     JOIN ${names.table(target)} t ON ${same.join(' AND ')} AND ${isThere(target)} ORDER BY 1`,
  ]);
  return (result?.rows ?? []).map(({ n }: { n: number }) => ({ kind: 'extra', key: keys[n] as Key, outcome: 'found' }));
}

/** Writes what was found different as a page would, and looks again. What is refused is parked, as always. */
async function heal(
  context: PageContext,
  expected: Expectation,
  found: readonly FoundDifference[],
): Promise<FoundDifference[]> {
  const { client, names, target, sql } = context;
  const text = (key: Key) => JSON.stringify(key);
  const wanted = new Set(found.map(({ key }) => text(key)));
  const present = expected.present.filter((row) => wanted.has(text(keyOf(target, row))));
  const absent = expected.absent.filter((key) => wanted.has(text(key)));
  if (expected.sourceLsn !== null) await runStatements(client, [noteSourceSql(names, target, expected.sourceLsn)]);
  await divide(context, absent, sql.deletePage, (key) => key);
  await divide(
    context,
    present,
    (rows) => sql.upsertPage(rows, false),
    (row) => keyOf(target, row),
  );
  const left = new Set((await findDifferences(context, { ...expected, present, absent })).map(({ key }) => text(key)));
  const [parked] = await runStatements(client, [
    parkedAmongSql(
      names,
      target,
      found.map(({ key }) => key),
    ),
  ]);
  const refused = new Set(keysOf(parked).map(text));
  return found.map((difference) => {
    const key = text(difference.key);
    if (refused.has(key)) return { ...difference, outcome: 'parked' };
    return { ...difference, outcome: left.has(key) ? 'persists' : 'repaired' };
  });
}
