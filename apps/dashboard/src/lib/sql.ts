/** Names that PostgreSQL takes without quotes; words of SQL itself are quoted to be safe. */
const PLAIN = /^[a-z_][a-z0-9_]*$/;
const RESERVED = new Set(['all', 'group', 'limit', 'offset', 'order', 'table', 'user', 'where', 'select', 'from']);

/** A name as it is written in SQL that somebody copies. */
export function quoteIdentifier(name: string): string {
  return PLAIN.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export function qualified(schema: string, table: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}
