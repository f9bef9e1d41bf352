import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Resident } from './resident.ts';
import { errorCode } from './retry.ts';

/** Raised when the server-side session is not the one that the statement was prepared in: a transaction pooler is between. */
const NOT_OUR_SESSION = new Set(['26000', '42P05']);

/** A statement that is run again and again, with other values each time. */
export type Statement = { readonly text: string; readonly values: readonly unknown[] };

/** Runs statements that are planned once a connection, where that is possible. */
export type Preparing = {
  queryPrepared<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]>;
  /**
   * Several, one after another, each a transaction of its own: in one round trip where a resident connection is idle.
   * Rejects with the first error; statements after the one that failed may have run.
   */
  queryTogether<Rows extends readonly object[]>(
    statements: readonly Statement[],
  ): Promise<{ [Index in keyof Rows]: Rows[Index][] }>;
};

type Runner = pg.Pool | pg.Client;

/**
 * Runs statements as named ones; after the first sign of a transaction pooler, as unnamed ones for good. On the resident
 * connection while that is idle, so that a slow statement never holds up others; otherwise each on one of the pool.
 */
export function preparedQueries(pool: pg.Pool, resident: Resident | undefined): Preparing {
  const names = new Map<string, string>();
  let works = true;
  const nameOf = (text: string) => {
    const known = names.get(text) ?? createHash('sha1').update(text).digest('hex');
    names.set(text, known);
    return known;
  };
  const run = async (runner: Runner, { text, values }: Statement): Promise<object[]> => {
    const unnamed = { text, values: values as unknown[] };
    if (works) {
      try {
        return (await runner.query<pg.QueryResultRow>({ ...unnamed, name: nameOf(text) })).rows;
      } catch (error) {
        if (!NOT_OUR_SESSION.has(errorCode(error) ?? '')) throw error;
        works = false;
      }
    }
    return (await runner.query<pg.QueryResultRow>(unnamed)).rows;
  };
  const oneByOne = async (statements: readonly Statement[]): Promise<object[][]> => {
    const results: object[][] = [];
    for (const statement of statements) results.push(await run(pool, statement));
    return results;
  };
  const runAll = (statements: readonly Statement[]): Promise<object[][]> => {
    const pipelined = (client: pg.Client) => Promise.all(statements.map((statement) => run(client, statement)));
    return resident?.ifIdle(pipelined) ?? oneByOne(statements);
  };
  return {
    queryPrepared: async <Row extends object>(text: string, values: readonly unknown[]) =>
      (await runAll([{ text, values }]))[0] as Row[],
    queryTogether: async <Rows extends readonly object[]>(statements: readonly Statement[]) =>
      (await runAll(statements)) as unknown as { [Index in keyof Rows]: Rows[Index][] },
  };
}
