import { createHash } from 'node:crypto';
import type pg from 'pg';
import { errorCode } from './retry.ts';

/** Raised when the server-side session is not the one that the statement was prepared in: a transaction pooler is between. */
const NOT_OUR_SESSION = new Set(['26000', '42P05']);

type Run = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** Runs statements as named ones; after the first sign of a transaction pooler, as unnamed ones for good. */
export function preparedQueries(pool: pg.Pool): Run {
  const names = new Map<string, string>();
  let works = true;
  const nameOf = (text: string) => {
    const known = names.get(text) ?? createHash('sha1').update(text).digest('hex');
    names.set(text, known);
    return known;
  };
  return async <Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> => {
    const unnamed = { text, values: values as unknown[] };
    if (works) {
      try {
        return (await pool.query<Row & pg.QueryResultRow>({ ...unnamed, name: nameOf(text) })).rows;
      } catch (error) {
        if (!NOT_OUR_SESSION.has(errorCode(error) ?? '')) throw error;
        works = false;
      }
    }
    return (await pool.query<Row & pg.QueryResultRow>(unnamed)).rows;
  };
}
