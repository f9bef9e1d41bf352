import { type Database, quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { columnSql, joins } from '../compile/fetch.ts';
import { COMPARABLE_SETTINGS, settingsSql } from '../compile/settings.ts';
import type { TargetTable } from '../compile/target-table.ts';
import type { DeclaredMapping } from '../declare/mapping.ts';
import type { Key, PageRow } from '../destination.ts';
import { SourceError } from './bulk.ts';

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
 * change that can be seen is seen together with its flag, its number or its tombstone.
 */
export async function readSettled(
  db: Database,
  tenancyId: string,
  mapping: DeclaredMapping,
  target: TargetTable,
  keys: readonly Key[],
  cursor: bigint,
): Promise<SourceRow[]> {
  const rows = await readComparable<SettledRow>(
    db,
    QUICK_SETTINGS,
    settledSql(mapping, target, tenancyId, keys, cursor),
  );
  return rows.map(({ n, values, settled }) => ({ key: keys[n] as Key, values, settled }));
}

function settledSql(
  mapping: DeclaredMapping,
  target: TargetTable,
  tenancyId: string,
  keys: readonly Key[],
  cursor: bigint,
): string {
  const { table } = mapping;
  const types = Object.values(table.key);
  const columns = Object.keys(table.key);
  const wanted = keys.map(
    (key, n) => `(${[n, ...key.map((text, i) => `${quoteLiteral(text)}::${types[i]}`)].join(', ')})`,
  );
  const names = columns.map((_, index) => `k${index}`);
  const sameKey = columns.map((column, index) => `t.${id(column)} = w.k${index}`);
  const sameTombstone = columns.map(
    (column, index) => `(d."primaryKey" ->> ${quoteLiteral(column)})::${types[index]} = w.k${index}`,
  );
  const values = `ARRAY[${target.columns.map(({ name }) => `(${columnSql(mapping, name)})::text`).join(', ')}]`;
  const tombstones = `"DeletedRow" d WHERE d."tenancyId" = ${quoteLiteral(tenancyId)} AND d."tableName" = ${quoteLiteral(table.name)}`;
  return `WITH wanted (n, ${names.join(', ')}) AS (VALUES ${wanted.join(', ')}),
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
}

/** One statement under settings of its own. */
export async function readComparable<Row extends object>(
  db: Database,
  settings: string,
  select: string,
): Promise<Row[]> {
  try {
    return await db.transaction(async (tx) => {
      await tx.query(settings);
      return tx.query<Row>(select);
    });
  } catch (cause) {
    throw new SourceError('The internal database failed while rows were compared', { cause });
  }
}
