import { schemaError } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import { type Expression, type RawBuilder, sql } from 'kysely';
import { build, read } from './statements.ts';

/** Where a page ended: the text of a time, exact to the microsecond, and the id that orders equal times. */
type Position = { at: string; id: string };

export type PageRequest = { limit: number; cursor?: string | undefined; desc?: boolean | undefined };

export type Page<Item> = {
  is_paginated: true;
  items: Item[];
  pagination: { limit: number; next_cursor: string | null };
};

const MAX_PAGE_BYTES = 8 * 1024 * 1024;
const TIME = /^(-?infinity|[0-9]{4,6}-[0-9]{2}-[0-9]{2} [0-9:.]{8,15}[+-][0-9:]{2,8}( BC)?)$/;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The rows after the cursor, by comparing keys: a page costs the same however far in the list it is, and rows that
 * come or go meanwhile neither repeat nor hide others. `undefined` on the first page.
 */
export function afterCursor(page: PageRequest, time: string, id: string): RawBuilder<boolean> | undefined {
  if (page.cursor === undefined) return undefined;
  const position = decodeCursor(page.cursor);
  const comparison = sql.raw(page.desc ? '<' : '>');
  return sql<boolean>`(${sql.ref(time)}, ${sql.ref(id)}) ${comparison} (${position.at}::timestamptz, ${position.id})`;
}

/** The columns of a statement that its pages are ordered by. */
type Order<Row> = { time: keyof Row & string; id: keyof Row & string };

type PageRow = { rowsFound: bigint };

/**
 * Reads the rows of a page, in order, from a statement that is limited to one row more than asked for. Stops early
 * when they are many bytes: a thousand users with megabytes of metadata each would not fit into the server's memory.
 */
export async function readPage<Row extends object>(
  database: Database,
  statement: Expression<Row>,
  page: PageRequest,
  order: Order<Row>,
): Promise<(Row & PageRow)[]> {
  const direction = sql.raw(page.desc ? 'DESC' : 'ASC');
  const keys = sql`${sql.ref(order.time)} ${direction}, ${sql.ref(order.id)} ${direction}`;
  const bounded = sql<Row & PageRow>`
    SELECT * FROM (
      SELECT q.*, count(*) OVER () AS "rowsFound",
        sum(octet_length(q::text)) OVER (ORDER BY ${keys} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "bytesBefore"
      FROM ${statement} AS q
    ) r
    WHERE COALESCE("bytesBefore", 0) < ${sql.lit(MAX_PAGE_BYTES)}
    ORDER BY ${keys}`;
  return await read(database, { compile: () => bounded.compile(build) });
}

/** One page from the rows that `readPage` has read. */
export function pageOf<Row extends PageRow, Item>(
  rows: Row[],
  page: PageRequest,
  positionOf: (row: Row) => Position,
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  const isLastPage = last === undefined || Number(last.rowsFound) <= shown.length;
  return {
    is_paginated: true,
    items: shown.map(toItem),
    pagination: { limit: page.limit, next_cursor: isLastPage ? null : encodeCursor(positionOf(last)) },
  };
}

function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify([position.at, position.id])).toString('base64url');
}

function decodeCursor(cursor: string): Position {
  try {
    const [at, id]: unknown[] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof at === 'string' && TIME.test(at) && typeof id === 'string' && ID.test(id)) return { at, id };
  } catch {
    // Not JSON: falls through to the same answer as JSON of another shape.
  }
  throw schemaError('query.cursor', 'is not a cursor of this list');
}
