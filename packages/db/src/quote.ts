import pg from 'pg';

/** Quotes one identifier; with several parts, a qualified name. */
export function quoteIdentifier(...parts: string[]): string {
  return parts.map((part) => pg.escapeIdentifier(part)).join('.');
}

/** Quotes a text literal safely whatever `standard_conforming_strings` is. `null` becomes NULL. */
export function quoteLiteral(value: string | null): string {
  return value === null ? 'NULL' : pg.escapeLiteral(value);
}
