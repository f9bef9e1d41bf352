import { compareKey, type KeyRange } from '../compile/fetch.ts';

/**
 * Rows that can be compared, as PostgreSQL sees them: those of a mapping's source, or those of its target. Everything is
 * SQL over the alias `t`.
 */
export type RowSet = {
  /** FROM and WHERE, so that further conditions can be added with AND. */
  readonly from: string;
  readonly key: readonly string[];
  readonly keyTypes: readonly string[];
  /** Each column of the target table, in its type and order. */
  readonly columns: readonly string[];
};

/** The statements that compare rows without moving them. All are bounded: no statement looks at more rows than it is told. */
export type RangeSql = {
  /**
   * `rows, hash, last` of the rows of a range, the first `limit` of them, in pieces of `step` rows. `last` is the key of the
   * last row of a whole piece; of a piece with fewer rows it is null. No row for no rows.
   */
  pieces(range: KeyRange, limit: number, step: number): string;
  /** `index, rows, hash` of several ranges, each the first `limit` rows. */
  digests(ranges: readonly KeyRange[], limit: number): string;
  /** `key, hash` of each row of a range, the first `limit` of them. */
  rowHashes(range: KeyRange, limit: number): string;
};

export function compileRanges(rows: RowSet): RangeSql {
  const keys = rows.key.map((_, index) => `k${index}`);
  const order = keys.map((key) => `q.${key}`).join(', ');
  const named = rows.key.map((column, index) => `${column} AS ${keys[index]}`).join(', ');
  const keyOfRow = `pg_catalog.jsonb_build_array(${keys.map((key) => `q.${key}::pg_catalog.text`).join(', ')})`;
  const within = (range: KeyRange) =>
    [compareKey(rows.key, '>', range.after, rows.keyTypes), compareKey(rows.key, '<=', range.through, rows.keyTypes)]
      .filter((condition) => condition !== '')
      .map((condition) => ` AND ${condition}`)
      .join('');
  const hashed = (range: KeyRange, limit: number) =>
    `SELECT ${named}, ${rowHash(rows.columns)} AS hash ${rows.from}${within(range)} ORDER BY ${rows.key.join(', ')} LIMIT ${limit}`;
  // Ordered by the key, whose types sort alike everywhere, so that equal rows make equal strings of hashes.
  const digest = `count(*)::integer AS rows,
      pg_catalog.encode(pg_catalog.sha256(COALESCE(pg_catalog.string_agg(q.hash, '' ORDER BY ${order}), '')), 'hex') AS hash`;
  return {
    pieces: (range, limit, step) => `SELECT ${digest},
      (pg_catalog.array_agg(${keyOfRow}) FILTER (WHERE q.ordinal % ${step} = 0))[1] AS last
    FROM (SELECT r.*, row_number() OVER (ORDER BY ${keys.map((key) => `r.${key}`).join(', ')}) AS ordinal FROM (${hashed(range, limit)}) r) q
    GROUP BY (q.ordinal - 1) / ${step} ORDER BY (q.ordinal - 1) / ${step}`,
    digests: (ranges, limit) =>
      ranges
        .map((range, index) => `(SELECT ${index} AS index, ${digest} FROM (${hashed(range, limit)}) q)`)
        .join(' UNION ALL '),
    rowHashes: (range, limit) =>
      `SELECT ${keyOfRow} AS key, pg_catalog.encode(q.hash, 'hex') AS hash FROM (${hashed(range, limit)}) q`,
  };
}

/**
 * The hash of a row. Values are quoted one by one, since the text of a whole record depends on the locale. The bytes are
 * those of UTF-8 whatever the encoding of the database; SQL_ASCII says nothing of its encoding, and its bytes are what was
 * sent.
 */
function rowHash(columns: readonly string[]): string {
  const text = columns.map((column) => `pg_catalog.quote_nullable((${column})::pg_catalog.text)`).join(" || ',' || ");
  const encoding = `(CASE pg_catalog.getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END)`;
  return `pg_catalog.sha256(pg_catalog.convert_to(${text}, ${encoding}))`;
}
