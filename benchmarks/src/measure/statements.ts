import type { Database } from '@hexclave/db';

/** Statements of the benchmark itself carry this comment, or are about the statistics. */
const OURS = `s.query LIKE '%/* benchmark */%' OR s.query LIKE '%pg_stat_statements%'`;

async function total(db: Database, expression: string): Promise<number> {
  await db.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  const [row] = await db.query<{ total: string }>(
    `SELECT COALESCE(sum(${expression}), 0)::text AS total FROM pg_stat_statements(true) s
     WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.toplevel AND NOT (${OURS})`,
  );
  return Number(row?.total);
}

/** Blocks that statements of this database have looked at so far, in the cache or not, the benchmark's own left out. */
export function blocksTouched(db: Database): Promise<number> {
  return total(db, 's.shared_blks_hit + s.shared_blks_read');
}

/** Statements run in this database so far, the benchmark's own left out. */
export function statementsRun(db: Database): Promise<number> {
  return total(db, 's.calls');
}
