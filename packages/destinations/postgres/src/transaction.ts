import { errorCode } from '@hexclave/db';
import type { TargetTable } from '@hexclave/sync';
import type pg from 'pg';
import { classify } from './classify.ts';
import { BEGIN, FENCED_SQLSTATE } from './names.ts';
import { discard } from './session.ts';

/** Runs statements in one round trip; on an error the open transaction, if any, is rolled back. Errors are classified. */
export async function runStatements(
  client: pg.Client,
  statements: readonly string[],
  target?: TargetTable,
): Promise<pg.QueryResult[]> {
  try {
    const results: unknown = await client.query(statements.join(';\n'));
    return Array.isArray(results) ? (results as pg.QueryResult[]) : [results as pg.QueryResult];
  } catch (error) {
    await rollback(client, error);
    throw isFenced(error) ? error : classify(error, target);
  }
}

/** Reads one of our own tables under the same time-outs as everything else: somebody may have locked it. */
export async function readBounded<Row>(client: pg.Client, select: string): Promise<Row[]> {
  const results = await runStatements(client, [BEGIN, select, 'COMMIT']);
  return (results.at(-2)?.rows ?? []) as Row[];
}

/**
 * Rolls back after an error; a connection too broken even for that is found out by its next statement. One that has not
 * answered in time is ended instead: a ROLLBACK would wait behind the lost statement, and as long again.
 */
export async function rollback(client: pg.Client, error?: unknown): Promise<void> {
  if (error !== undefined && classify(error).code === 'TARGET_UNREACHABLE') discard(client);
  else await client.query('ROLLBACK').catch(() => undefined);
}

export function isFenced(error: unknown): boolean {
  return errorCode(error) === FENCED_SQLSTATE;
}
