import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import type { Catalog } from '../declare/catalog.ts';
import type { TrackedTable } from '../declare/tracked-table.ts';

/**
 * The statements that count what waits. Each walks indexes only, from where the backlog begins, and no further than its
 * limit: a backlog of a million rows costs as much as one of the limit.
 */
export type BacklogSql = {
  /**
   * What a cursor has still to come to. `$1` ordinals, `$2` tenancies, `$3` places of tables in the catalogue, `$4` cursors
   * (NULL: only what has no number yet), `$5` limit. One {@link BacklogRow} for each.
   */
  readonly past: string;
  /** How many rows tables of tenancies have. `$1` ordinals, `$2` tenancies, `$3` places of tables, `$4` limit: `ordinal`, `rows`. */
  readonly sizes: string;
  /** Rows without a number, by table: `table`, `rows`. `$1` limit. */
  readonly pending: string;
  /** The same for tenancies: `tenancyId`, `table`, `rows`. `$1` tenancies, `$2` limit. */
  readonly pendingOf: string;
  /** Tenancies with rows that have no number: `tenancyId`, and the age of the oldest transaction, `xids`. `$1` most tenancies of a table. */
  readonly pendingTenancies: string;
  /**
   * An expression, for statements in which `m` is a row of "ExternalDatabaseMappingState": the smallest number past its cursor.
   * NULL: there is none.
   */
  readonly firstPast: string;
};

/** `first`: the smallest number past the cursor. `xids`: how many transactions ago the oldest unnumbered change was made. */
export type BacklogRow = {
  ordinal: number;
  numbered: bigint;
  first: bigint | null;
  unnumbered: bigint;
  xids: bigint | null;
};

export const TOMBSTONES = 'DeletedRow';

export function compileBacklog(catalog: Catalog): BacklogSql {
  const firsts = catalog.mappings.map(({ name, table }) => `WHEN ${quoteLiteral(name)} THEN ${firstPastOf(table)}`);
  const tables = [...catalog.tables, { name: TOMBSTONES, tenancyColumn: 'tenancyId' }];
  return {
    past: catalog.tables.map(pastOf).join('\nUNION ALL\n'),
    sizes: catalog.tables.map(sizesOf).join('\nUNION ALL\n'),
    pending: tables
      .map(
        ({ name }) => `SELECT ${quoteLiteral(name)} AS "table", count(*) AS rows FROM (${flagged(name, '', '$1')}) f`,
      )
      .join('\nUNION ALL\n'),
    pendingOf: tables
      .map(({ name, tenancyColumn }) => {
        const rows = flagged(name, ` AND t.${id(tenancyColumn)} = u.tenancy`, '$2');
        return `SELECT u.tenancy AS "tenancyId", ${quoteLiteral(name)} AS "table", (SELECT count(*) FROM (${rows}) f) AS rows FROM unnest($1::uuid[]) u (tenancy)`;
      })
      .join('\nUNION ALL\n'),
    pendingTenancies: `SELECT p."tenancyId", max(p.xids) AS xids FROM (
${tables.map(({ name, tenancyColumn }) => `SELECT * FROM (${tenanciesOf(name, tenancyColumn)}) w`).join('\nUNION ALL\n')}
) p GROUP BY 1`,
    firstPast: `CASE m."mapping" ${firsts.join('\n')} END`,
  };
}

function flagged(name: string, where: string, limit: string): string {
  return `SELECT FROM ${id(name)} t WHERE t."shouldUpdateSequenceId"${where} LIMIT ${limit}`;
}

function pastOf(table: TrackedTable, place: number): string {
  const live = `${id(table.name)} t WHERE t.${id(table.tenancyColumn)} = u.tenancy`;
  const dead = `"${TOMBSTONES}" d WHERE d."tenancyId" = u.tenancy AND d."tableName" = ${quoteLiteral(table.name)}`;
  // Rows that are flagged but lie past the cursor already are counted there.
  return `SELECT u.ordinal, l.rows + d.rows AS numbered, LEAST(l.first, d.first) AS first, f.rows AS unnumbered, f.xids
FROM unnest($1::integer[], $2::uuid[], $3::integer[], $4::bigint[]) u (ordinal, tenancy, place, cursor)
CROSS JOIN LATERAL (SELECT count(*) AS rows, min(x.n) AS first FROM (
  SELECT t."sequenceId" AS n FROM ${live} AND t."sequenceId" > u.cursor ORDER BY t."sequenceId" LIMIT $5) x) l
CROSS JOIN LATERAL (SELECT count(*) AS rows, min(x.n) AS first FROM (
  SELECT d."sequenceId" AS n FROM ${dead} AND d."sequenceId" > u.cursor ORDER BY d."sequenceId" LIMIT $5) x) d
CROSS JOIN LATERAL (SELECT count(*) AS rows, max(x.xids)::bigint AS xids FROM (
  SELECT x.* FROM (SELECT t."sequenceId" AS n, age(t.xmin) AS xids FROM ${live} AND t."shouldUpdateSequenceId" LIMIT $5) x
  WHERE x.n IS NULL OR u.cursor IS NULL OR x.n <= u.cursor
  UNION ALL
  SELECT x.* FROM (SELECT d."sequenceId", age(d.xmin) FROM ${dead} AND d."shouldUpdateSequenceId" LIMIT $5) x) x) f
WHERE u.place = ${place}`;
}

/** One step into an index of live rows and one into that of deleted ones. */
function firstPastOf({ name, tenancyColumn }: TrackedTable): string {
  const first = (from: string) =>
    `(SELECT r."sequenceId" FROM ${from} AND r."sequenceId" > m."appliedSequenceId" ORDER BY r."sequenceId" LIMIT 1)`;
  return `LEAST(${first(`${id(name)} r WHERE r.${id(tenancyColumn)} = m."tenancyId"`)},
  ${first(`"${TOMBSTONES}" r WHERE r."tenancyId" = m."tenancyId" AND r."tableName" = ${quoteLiteral(name)}`)})`;
}

function sizesOf({ name, tenancyColumn }: TrackedTable, place: number): string {
  return `SELECT u.ordinal, (SELECT count(*) FROM (SELECT FROM ${id(name)} t WHERE t.${id(tenancyColumn)} = u.tenancy LIMIT $4) c) AS rows
FROM unnest($1::integer[], $2::uuid[], $3::integer[]) u (ordinal, tenancy, place) WHERE u.place = ${place}`;
}

/** Goes from tenancy to tenancy through the index of flagged rows; of each, looks at few rows. */
function tenanciesOf(name: string, tenancyColumn: string): string {
  const tenancy = id(tenancyColumn);
  const next = (after: string) =>
    `SELECT t.${tenancy} FROM ${id(name)} t WHERE t."shouldUpdateSequenceId"${after} ORDER BY t.${tenancy} LIMIT 1`;
  return `WITH RECURSIVE walk (tenancy) AS (
  (${next('')})
  UNION ALL
  SELECT (${next(` AND t.${tenancy} > walk.tenancy`)}) FROM walk WHERE walk.tenancy IS NOT NULL
) SELECT w.tenancy AS "tenancyId", (SELECT max(x.xids) FROM (
  SELECT age(t.xmin) AS xids FROM ${id(name)} t WHERE t."shouldUpdateSequenceId" AND t.${tenancy} = w.tenancy LIMIT ${ROWS_LOOKED_AT}) x)::bigint AS xids
FROM walk w WHERE w.tenancy IS NOT NULL LIMIT $1`;
}

const ROWS_LOOKED_AT = 100;
