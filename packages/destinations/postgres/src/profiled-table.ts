import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import type { AppliedRows, ExpectedIndex, TargetTable } from '@hexclave/sync';
import type pg from 'pg';
import { markOf } from './ddl.ts';
import type { Names } from './names.ts';
import { readBounded } from './transaction.ts';

/** What has to be known of a target before a statement is run on it that is to leave nothing behind. */
export type ProfiledTable = {
  /** The unique index that leads to a row by its key; `null`: there is none. */
  readonly keyIndex: string | null;
  /** What of the owner's would run with the statement, and may do what no rollback undoes. */
  readonly lasting: readonly string[];
  /** Foreign keys of the owner's from large tables whose rows no index leads to, which a deletion looks up. */
  readonly unindexed: readonly { readonly name: string; readonly table: string; readonly columns: string }[];
};

/** `undefined`: the table is not there, or is not ours. From the catalogue alone: a lock on it does not keep it from being looked at. */
export async function lookAt(
  client: pg.Client,
  names: Names,
  target: TargetTable,
  statement: AppliedRows['statement'],
): Promise<ProfiledTable | undefined> {
  const [found] = await readBounded<ProfiledTable>(client, lookSql(names, target, doneBy(statement, target)));
  return found;
}

/** The indexes that a statement needs. */
export function indexesFor(
  target: TargetTable,
  table: string,
  { keyIndex, unindexed }: ProfiledTable,
): ExpectedIndex[] {
  const key = {
    name: keyIndex ?? `${target.name}_pkey`,
    table: target.name,
    sqlTable: table,
    definition: `ALTER TABLE ${table} ADD PRIMARY KEY (${target.key.map((column) => id(column)).join(', ')});`,
    exists: keyIndex !== null,
  };
  return [
    key,
    ...unindexed.map(({ name, table: other, columns }) => ({
      ...{ name, table: other, sqlTable: other, exists: false },
      definition: `CREATE INDEX CONCURRENTLY ${id(name)} ON ${other} (${columns});`,
    })),
  ];
}

/** As `pg_trigger.tgtype` has it. */
const INSERT = 4;
const DELETE = 8;
const UPDATE = 16;

function doneBy(statement: AppliedRows['statement'], { deleteMode }: TargetTable): number {
  if (statement === 'stage') return 0;
  if (statement === 'apply' || statement === 'merge') return INSERT | UPDATE;
  return deleteMode === 'soft' ? UPDATE : DELETE;
}

/** Smaller tables are read from end to end by right. */
const MANY_ROWS = 10_000;

/** One row, if the table is there and ours. `done`: what the statement does to its rows. */
function lookSql(names: Names, target: TargetTable, done: number): string {
  const key = `ARRAY[${target.key.map(quoteLiteral).join(', ')}]::text[]`;
  return `SELECT
    (SELECT k.relname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class k ON k.oid = i.indexrelid
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = pg_catalog.cardinality(${key})
        AND ${key} OPERATOR(pg_catalog.@>) ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) ORDER BY 1 LIMIT 1) AS "keyIndex",
    ${lastingSql(done)} AS lasting,
    ${(done & DELETE) === 0 ? "'[]'::jsonb" : UNINDEXED} AS unindexed
  FROM pg_catalog.pg_class c
  WHERE c.relname = ${quoteLiteral(target.name)}::name
    AND c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ${quoteLiteral(names.schema)}::name)
    AND pg_catalog.obj_description(c.oid, 'pg_class') = ${quoteLiteral(markOf(target))}`;
}

/**
 * Triggers and rules, those of tables that foreign keys pass a change on to included; and what gives an inserted row its
 * other values, if that takes a number from a sequence or calls a function of somebody's.
 */
function lastingSql(done: number): string {
  if (done === 0) return 'ARRAY[]::text[]';
  return `(WITH RECURSIVE reached (oid, done) AS (
      SELECT c.oid, ${done}
      UNION SELECT f.conrelid, CASE WHEN r.done & ${DELETE} <> 0 AND f.confdeltype = 'c' THEN ${DELETE} ELSE ${UPDATE} END
      FROM reached r JOIN pg_catalog.pg_constraint f ON f.contype = 'f' AND f.confrelid = r.oid
      WHERE (r.done & ${DELETE} <> 0 AND f.confdeltype IN ('c', 'n', 'd')) OR (r.done & ${UPDATE} <> 0 AND f.confupdtype IN ('c', 'n', 'd')))
    SELECT COALESCE(pg_catalog.array_agg(DISTINCT f.what ORDER BY f.what), '{}') FROM (
      SELECT 'trigger ' || t.tgname || CASE WHEN r.oid = c.oid THEN '' ELSE ' of ' || ${qualified('r.oid')} END AS what
      FROM reached r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype::int & r.done <> 0
      UNION ALL SELECT 'rule ' || w.rulename FROM reached r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid AND w.ev_type IN ('2', '3', '4')
        AND (1 << CASE w.ev_type WHEN '2' THEN 4 WHEN '3' THEN 2 ELSE 3 END) & r.done <> 0
      ${(done & INSERT) === 0 ? '' : `UNION ALL ${DEFAULTS}`}
    ) f)`;
}

/** As anybody can use it: `regclass` leaves the schema out where the search path of our own role has it. */
function qualified(oid: string): string {
  return `(SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(q.relname) FROM pg_catalog.pg_class q
    JOIN pg_catalog.pg_namespace n ON n.oid = q.relnamespace WHERE q.oid = ${oid})`;
}

const DEFAULTS = `SELECT 'default of column ' || a.attname FROM pg_catalog.pg_attribute a
      LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
      WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attnum > 0 AND (a.attidentity <> '' OR EXISTS (
        SELECT 1 FROM pg_catalog.pg_depend d
        LEFT JOIN pg_catalog.pg_class s ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.oid = d.refobjid AND s.relkind = 'S'
        LEFT JOIN pg_catalog.pg_proc p ON d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.refobjid AND p.provolatile = 'v'
        WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = e.oid AND (s.oid IS NOT NULL OR p.oid IS NOT NULL)))`;

const UNINDEXED = `(SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('table', ${qualified('r.oid')},
        'name', pg_catalog.left(r.relname || '_' || k.names, 59) || '_idx', 'columns', k.quoted) ORDER BY f.conname), '[]')
      FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class r ON r.oid = f.conrelid
      CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(a.attname::text, '_' ORDER BY x.n) AS names,
          pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY x.n) AS quoted
        FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY x (attnum, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = x.attnum) k
      WHERE f.contype = 'f' AND f.confrelid = c.oid AND r.reltuples >= ${MANY_ROWS} AND NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = f.conrelid AND i.indisvalid AND i.indpred IS NULL
          AND (i.indkey::int2[])[0:pg_catalog.cardinality(f.conkey) - 1] OPERATOR(pg_catalog.@>) f.conkey))`;
