import { type Database, quoteIdentifier as id, quoteLiteral, type Statement } from '@hexclave/db';
import { columnSql, joins } from '../compile/fetch.ts';
import { COMPARABLE_SETTINGS, settingsSql } from '../compile/settings.ts';
import type { TargetTable } from '../compile/target-table.ts';
import type { DeclaredMapping } from '../declare/mapping.ts';
import type { Key, PageRow } from '../destination.ts';
import { SourceError } from './bulk.ts';
import { isKey, isNoValue } from './keys.ts';

/** While the position of a target is locked nothing may take long: its batches wait. */
const QUICK_SETTINGS = settingsSql({ ...COMPARABLE_SETTINGS, statement_timeout: '3000' });

/** What the source says of one key. `settled`: this is what a target at the cursor must have; otherwise a change is on its way. */
export type SourceRow = { readonly key: Key; readonly settled: boolean; readonly values: PageRow | null };

/** Most bytes of values in one answer. Rows beyond count as not settled, so that they are looked at again. */
const MOST_BYTES = 4_000_000;
/** With more tombstones on their way than this, nothing is said about rows that are gone. */
const MOST_TOMBSTONES = 10_000;

type SettledRow = { n: number; values: (string | null)[] | null; settled: boolean };

/**
 * What the source has of some keys, and whether a target at `cursor` must have the same. One statement, so one snapshot: a
 * change that can be seen is seen together with its flag, its number or its tombstone. What cannot be a key is left out.
 */
export async function readSettled(
  db: Database,
  tenancyId: string,
  mapping: DeclaredMapping,
  target: TargetTable,
  keys: readonly Key[],
  cursor: bigint,
): Promise<SourceRow[]> {
  try {
    const statement = settledStatement(mapping, target, tenancyId, keys, cursor);
    const rows = await readComparable<SettledRow>(db, QUICK_SETTINGS, statement);
    return rows.map((row) => ({ key: keys[row.n] as Key, values: row.values, settled: row.settled }));
  } catch (error) {
    if (!isNoValue((error as SourceError).cause)) throw error;
    const usable = await onlyKeys(db, mapping, keys);
    if (usable.length === keys.length) throw error;
    return usable.length === 0 ? [] : readSettled(db, tenancyId, mapping, target, usable, cursor);
  }
}

async function onlyKeys(db: Database, mapping: DeclaredMapping, keys: readonly Key[]): Promise<Key[]> {
  const usable: Key[] = [];
  for (const key of keys) if (await isKey(db, mapping.table, key)) usable.push(key);
  return usable;
}

function settledStatement(
  mapping: DeclaredMapping,
  target: TargetTable,
  tenancyId: string,
  keys: readonly Key[],
  cursor: bigint,
): Statement {
  const { table } = mapping;
  const types = Object.values(table.key);
  const columns = Object.keys(table.key);
  const wanted = keys.map(
    (_, n) => `(${[n, ...types.map((type, i) => `$${n * types.length + i + 1}::${type}`)].join(', ')})`,
  );
  const names = columns.map((_, index) => `k${index}`);
  const sameKey = columns.map((column, index) => `t.${id(column)} = w.k${index}`);
  const sameTombstone = columns.map(
    (column, index) => `(d."primaryKey" ->> ${quoteLiteral(column)})::${types[index]} = w.k${index}`,
  );
  const values = `ARRAY[${target.columns.map(({ name }) => `(${columnSql(mapping, name)})::text`).join(', ')}]`;
  const tombstones = `"DeletedRow" d WHERE d."tenancyId" = ${quoteLiteral(tenancyId)} AND d."tableName" = ${quoteLiteral(table.name)}`;
  const text = `WITH wanted (n, ${names.join(', ')}) AS (VALUES ${wanted.join(', ')}),
  dead AS MATERIALIZED (
    (SELECT d."primaryKey" FROM ${tombstones} AND d."sequenceId" > ${cursor} LIMIT ${MOST_TOMBSTONES})
    UNION ALL
    (SELECT d."primaryKey" FROM ${tombstones} AND d."shouldUpdateSequenceId" LIMIT ${MOST_TOMBSTONES})
  ), found AS (
    SELECT w.n, CASE WHEN s.numbered THEN s.values END AS values, CASE WHEN s.values IS NOT NULL THEN s.numbered
      ELSE (SELECT count(*) FROM dead) < ${MOST_TOMBSTONES} AND NOT EXISTS (SELECT 1 FROM dead d WHERE ${sameTombstone.join(' AND ')})
      END AS settled
    FROM wanted w LEFT JOIN LATERAL (
      SELECT ${values} AS values, NOT t."shouldUpdateSequenceId" AND t."sequenceId" IS NOT NULL AND t."sequenceId" <= ${cursor} AS numbered
      FROM ${id(table.name)} t${joins(mapping)}
      WHERE t.${id(table.tenancyColumn)} = ${quoteLiteral(tenancyId)} AND ${sameKey.join(' AND ')} OFFSET 0
    ) s ON true
  ), sized AS (
    SELECT f.*, octet_length(f.values::text) AS size, sum(octet_length(f.values::text)) OVER (ORDER BY f.n) AS bytes FROM found f
  )
  SELECT z.n, CASE WHEN z.fits THEN z.values END AS values, z.settled AND z.fits AS settled FROM (
    SELECT s.*, (s.values IS NULL OR s.bytes <= ${MOST_BYTES} OR s.bytes = s.size) AS fits FROM sized s) z ORDER BY z.n`;
  return { text, values: keys.flat() };
}

/** One statement under settings of its own. */
export async function readComparable<Row extends object>(
  db: Database,
  settings: string,
  { text, values }: Pick<Statement, 'text'> & Partial<Statement>,
): Promise<Row[]> {
  try {
    return await db.transaction(async (tx) => {
      await tx.query(settings);
      return tx.query<Row>(text, values);
    });
  } catch (cause) {
    throw new SourceError('The internal database failed while rows were compared', { cause });
  }
}
