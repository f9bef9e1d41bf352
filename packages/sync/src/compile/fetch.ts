import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import type { DeclaredMapping, MappedColumn } from '../declare/mapping.ts';
import { conditions } from './capture.ts';
import type { TargetTable } from './target-table.ts';

/** Keys `after < key <= through`; `null` is the open end. Each key is the text of its columns. */
export type KeyRange = { readonly after: readonly string[] | null; readonly through: readonly string[] | null };

/** Sequence ids `after < id <= through`. */
export type SequenceRange = { readonly after: bigint; readonly through: bigint };

/** What happened to a row of a delta; `skip`: deleted once, but its key lives again. */
export type ChangeKind = 'upsert' | 'delete' | 'skip';

/** One row of {@link FetchSql.delta}. */
export type DeltaRow = {
  mapping: number;
  sequence: bigint;
  kind: ChangeKind;
  /** Text of each target column, in order; for a delete only the key is set. */
  values: (string | null)[];
  /** How many changes waited, at most the limit: more than were returned when the byte cap struck. */
  waiting: number;
  /** How far the write-ahead log had come, after the snapshot was taken that this was read in. */
  lsn: bigint;
};

/** The statements that read one mapping for one target table. Tenancy ids and keys are literals: COPY takes no parameters. */
export type FetchSql = {
  /** Rows and tombstones past a cursor. `$1` tenancy, then the cursor, the row limit and the byte cap as numbered. */
  delta(position: number, cursorParameter: string, limitParameter: string, bytesParameter: string): string;
  /** `upper`: the id of the limit-th change past the cursor or of the last; `count`: how many up to there. `$1` tenancy, `$2` cursor, `$3` limit. */
  readonly sequenceBound: string;
  /** `deleted, …columns` of a sequence range. */
  readSequences(tenancyId: string, range: SequenceRange): string;
  /** COPY of the same. */
  copySequences(tenancyId: string, range: SequenceRange): string;
  /** `key`: the key of the `$2`-th row after a key, or no row when fewer are left. `$1` tenancy. */
  keyBound(after: readonly string[] | null): string;
  /** The columns of a key range in its order; with `marked`, led by `deleted`, which is false. */
  readKeys(tenancyId: string, range: KeyRange, marked: boolean): string;
  /** COPY of the same. */
  copyKeys(tenancyId: string, range: KeyRange, marked: boolean): string;
  /** The rows of a key range as `values`. `$1` tenancy. */
  rowsOfKeys(range: KeyRange): string;
  /** The first of them that are within a byte cap, at least one; `waiting`: how many there are in all. `$1` tenancy, `$2` cap. */
  pageOfKeys(range: KeyRange): string;
  /** Every row: the definition of what the target must hold. `$1` tenancy. Columns under their target names. */
  readonly everything: string;
};

/** The place in the write-ahead log, in bytes. Evaluated after the statement's snapshot was taken: all that it sees is before. */
export const LSN = "(pg_current_wal_insert_lsn() - '0/0')::bigint";

/** Compiles all reading of one mapping. */
export function compileFetch(mapping: DeclaredMapping, target: TargetTable): FetchSql {
  const { table } = mapping;
  const tenancy = `t.${id(table.tenancyColumn)}`;
  const columns = target.columns.map((column) => columnSql(mapping, column.name));
  const sourceKey = Object.keys(table.key).map((column) => `t.${id(column)}`);
  const keyTypes = Object.values(table.key);
  const keyNames = sourceKey.map((_, index) => `k${index}`).join(', ');
  const orderedKeys = sourceKey.map((column, index) => `${column} AS k${index}`).join(', ');
  const rows = `${id(table.name)} t${joins(mapping)}`;
  const values = `ARRAY[${columns.map((column) => `(${column})::text`).join(', ')}]`;
  const tombstone = tombstoneSql(mapping, target);

  const keyCondition = (range: KeyRange) =>
    [compareKey(sourceKey, '>', range.after, keyTypes), compareKey(sourceKey, '<=', range.through, keyTypes)]
      .filter((condition) => condition !== '')
      .map((condition) => ` AND ${condition}`)
      .join('');
  const select = (list: string, where: string) => `SELECT ${list} FROM ${rows} WHERE ${tenancy} = ${where}`;
  const named = target.columns.map((column, index) => `${columns[index]} AS ${id(column.name)}`).join(', ');

  const readSequences = (tenancyId: string, range: SequenceRange) => {
    const between = (column: string) => `${column} > ${range.after} AND ${column} <= ${range.through}`;
    const live = select(`false, ${columns.join(', ')}`, `${quoteLiteral(tenancyId)} AND ${between('t."sequenceId"')}`);
    const dead = `SELECT true, ${tombstone.columns} FROM "DeletedRow" d WHERE d."tenancyId" = ${quoteLiteral(tenancyId)}
  AND d."tableName" = ${quoteLiteral(table.name)} AND ${between('d."sequenceId"')} AND ${tombstone.gone}`;
    return `${live} UNION ALL ${dead}`;
  };
  const readKeys = (tenancyId: string, range: KeyRange, marked: boolean) =>
    `${select((marked ? 'false, ' : '') + columns.join(', '), quoteLiteral(tenancyId) + keyCondition(range))} ORDER BY ${sourceKey.join(', ')}`;

  return {
    delta: (
      position,
      cursor,
      limit,
      bytes,
    ) => `SELECT ${position} AS mapping, d.sequence, d.kind, d.values, d.waiting, ${LSN} AS lsn FROM (
  SELECT c.*, count(*) OVER () AS waiting, row_number() OVER w AS ordinal, sum(octet_length(c.values::text)) OVER w AS bytes FROM (
    (SELECT t."sequenceId" AS sequence, 'upsert' AS kind, ${values} AS values FROM ${rows}
     WHERE ${tenancy} = $1 AND t."sequenceId" > ${cursor} ORDER BY t."sequenceId" LIMIT ${limit})
    UNION ALL
    (SELECT d."sequenceId", ${tombstone.kind}, ${tombstone.values} FROM "DeletedRow" d
     WHERE d."tenancyId" = $1 AND d."tableName" = ${quoteLiteral(table.name)} AND d."sequenceId" > ${cursor} ORDER BY d."sequenceId" LIMIT ${limit})
    ORDER BY 1 LIMIT ${limit}
  ) c WINDOW w AS (ORDER BY c.sequence)
) d WHERE d.ordinal = 1 OR d.bytes <= ${bytes}`,
    sequenceBound: `SELECT max(b.id) AS upper, count(*)::integer AS count FROM (
  (SELECT t."sequenceId" AS id FROM ${id(table.name)} t WHERE ${tenancy} = $1 AND t."sequenceId" > $2 ORDER BY 1 LIMIT $3)
  UNION ALL
  (SELECT d."sequenceId" FROM "DeletedRow" d WHERE d."tenancyId" = $1 AND d."tableName" = ${quoteLiteral(table.name)} AND d."sequenceId" > $2 ORDER BY 1 LIMIT $3)
  ORDER BY 1 LIMIT $3
) b`,
    readSequences,
    copySequences: (tenancyId, range) => `COPY (${readSequences(tenancyId, range)}) TO STDOUT`,
    keyBound: (
      after,
    ) => `SELECT ARRAY[${sourceKey.map((column) => `${column}::text`).join(', ')}] AS key FROM ${id(table.name)} t
WHERE ${tenancy} = $1${keyCondition({ after, through: null })} ORDER BY ${sourceKey.join(', ')} OFFSET $2::bigint - 1 LIMIT 1`,
    readKeys,
    copyKeys: (tenancyId, range, marked) => `COPY (${readKeys(tenancyId, range, marked)}) TO STDOUT`,
    rowsOfKeys: (range) =>
      `${select(`${values} AS values`, `$1${keyCondition(range)}`)} ORDER BY ${sourceKey.join(', ')}`,
    pageOfKeys: (range) => `SELECT p.values, p.waiting FROM (
  SELECT r.values, count(*) OVER ()::integer AS waiting, row_number() OVER w AS ordinal, sum(octet_length(r.values::text)) OVER w AS bytes
  FROM (${select(`${values} AS values, ${orderedKeys}`, `$1${keyCondition(range)}`)}) r WINDOW w AS (ORDER BY ${keyNames})
) p WHERE p.ordinal = 1 OR p.bytes <= $2 ORDER BY p.ordinal`,
    everything: select(named, '$1'),
  };
}

/** A target column's value, over the source table as `t` and its look-ups as they are called. */
export function columnSql(mapping: DeclaredMapping, name: string): string {
  const column = mapping.columns[name] as MappedColumn;
  const raw = `${column.lookup === undefined ? 't' : id(column.lookup)}.${id(column.from)}`;
  return column.as === undefined ? raw : column.as(raw);
}

/**
 * Looked up row by row, through the index of the look-up's columns. OFFSET 0 keeps the planner from making a plain join
 * of it: with statistics from before a large import it expects one row of the tenancy, and then reads all of the tenancy
 * for each (measured: 4,000 of 20,000 rows in more than 30 s, which no batch survives, instead of 12 ms).
 */
export function joins(mapping: DeclaredMapping): string {
  const { table } = mapping;
  return Object.entries(mapping.lookups ?? {})
    .map(([name, lookup]) => {
      const alias = id(name);
      const on = Object.entries(lookup.on).map(([theirs, ours]) => `${alias}.${id(theirs)} = t.${id(ours)}`);
      const where = `${alias}.${id(lookup.table.tenancyColumn)} = t.${id(table.tenancyColumn)} AND ${on.join(' AND ')} AND ${conditions(lookup, alias)}`;
      return ` LEFT JOIN LATERAL (SELECT * FROM ${id(lookup.table.name)} ${alias} WHERE ${where} OFFSET 0) ${alias} ON true`;
    })
    .join('');
}

/** SQL over a "DeletedRow" `d`: the key it carries in the places of the target's columns, and whether it still counts. */
function tombstoneSql(mapping: DeclaredMapping, target: TargetTable) {
  const { table } = mapping;
  const keyText = (column: string) => `d."primaryKey" ->> ${quoteLiteral(column)}`;
  const own = target.columns.map((column) => {
    const source = mapping.columns[column.name] as MappedColumn;
    return mapping.keyColumns.includes(column.name) ? keyText(source.from) : null;
  });
  const same = Object.entries(table.key).map(([column, type]) => `s.${id(column)} = (${keyText(column)})::${type}`);
  // A tombstone never beats a row that lives again, whichever of the two was numbered first. OFFSET 0: as in the look-ups.
  const lives = `EXISTS (SELECT 1 FROM ${id(table.name)} s WHERE s.${id(table.tenancyColumn)} = d."tenancyId" AND ${same.join(' AND ')} OFFSET 0)`;
  return {
    gone: `NOT ${lives}`,
    kind: `CASE WHEN ${lives} THEN 'skip' ELSE 'delete' END`,
    values: `ARRAY[${own.map((text) => text ?? 'NULL').join(', ')}]::text[]`,
    columns: target.columns.map((column, index) => `(${own[index] ?? 'NULL'})::${column.type}`).join(', '),
  };
}

/** `(a, b) > ('…'::t, '…'::t)`, or nothing for an open end. Also used by destinations, on their own columns. */
export function compareKey(
  columns: readonly string[],
  operator: '>' | '<=',
  key: readonly string[] | null,
  types: readonly string[],
): string {
  if (key === null) return '';
  const literals = key.map((text, index) => `${quoteLiteral(text)}::${types[index]}`);
  return `(${columns.join(', ')}) ${operator} (${literals.join(', ')})`;
}
