import { type Queryable, quoteIdentifier, quoteLiteral } from '@hexclave/db';
import type { BacklogSql } from '../compile/backlog.ts';
import type { Catalog } from '../declare/catalog.ts';

/** A table of a tenancy. */
export type Source = { readonly tenancyId: string; readonly table: string };

/** So many large tables are estimated for one answer; of the others it is said that nobody knows. */
const MOST_ESTIMATES = 20;

/**
 * About how many rows each has, in their order: exactly where there are fewer than `exactUpTo`, otherwise what the planner
 * expects. `null`: not known.
 */
export async function readSizes(
  tx: Queryable,
  catalog: Catalog,
  sql: BacklogSql,
  sources: readonly Source[],
  exactUpTo: number,
): Promise<(number | null)[]> {
  if (sources.length === 0) return [];
  const tables = catalog.tables.map(({ name }) => name);
  const counted = await tx.query<{ ordinal: number; rows: bigint }>(sql.sizes, [
    sources.map((_, index) => index),
    sources.map(({ tenancyId }) => tenancyId),
    sources.map(({ table }) => tables.indexOf(table)),
    exactUpTo,
  ]);
  const sizes: (number | null)[] = sources.map(() => null);
  let estimates = 0;
  for (const { ordinal, rows } of counted) {
    if (Number(rows) < exactUpTo) sizes[ordinal] = Number(rows);
    else if (estimates++ < MOST_ESTIMATES) sizes[ordinal] = await estimate(tx, catalog, sources[ordinal], exactUpTo);
  }
  return sizes;
}

async function estimate(
  tx: Queryable,
  catalog: Catalog,
  source: Source | undefined,
  atLeast: number,
): Promise<number | null> {
  const table = catalog.tables.find(({ name }) => name === source?.table);
  if (table === undefined || source === undefined) return null;
  const [plan] = await tx.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `EXPLAIN (FORMAT JSON) SELECT FROM ${quoteIdentifier(table.name)} t WHERE t.${quoteIdentifier(table.tenancyColumn)} = ${quoteLiteral(source.tenancyId)}`,
  );
  return Math.max(atLeast, plan?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0);
}
