import { schemaError } from '@hexclave/contract';
import { type RawBuilder, sql } from 'kysely';

/** Where a page ended: the text of a time, exact to the microsecond, and the id that orders equal times. */
type Position = { at: string; id: string };

export type PageRequest = { limit: number; cursor?: string | undefined; desc?: boolean | undefined };

export type Page<Item> = {
  is_paginated: true;
  items: Item[];
  pagination: { limit: number; next_cursor: string | null };
};

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

/** One page from rows read with a limit of one more than asked for. */
export function pageOf<Row, Item>(
  rows: Row[],
  page: PageRequest,
  positionOf: (row: Row) => Position,
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, page.limit);
  const last = rows.length > page.limit ? shown.at(-1) : undefined;
  return {
    is_paginated: true,
    items: shown.map(toItem),
    pagination: { limit: page.limit, next_cursor: last === undefined ? null : encodeCursor(positionOf(last)) },
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
