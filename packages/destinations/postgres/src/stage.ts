import { pipeline } from 'node:stream/promises';
import type { ApplyResult, Position, RowStream, StagedBatch } from '@hexclave/sync';
import { from as copyFrom } from 'pg-copy-streams';
import { classify } from './classify.ts';
import { BEGIN, fenceSql, moveSql } from './names.ts';
import type { PageContext } from './page.ts';
import { forgetParkedAmongSql } from './parked.ts';
import { isFenced, rollback, runStatements } from './transaction.ts';

/** Not qualified by pg_temp in CREATE, and dropped at commit: behind a transaction pooler the session is not ours alone. */
export const STAGING = 'hexclave_staging';

/**
 * Writes rows into an open transaction: into a temporary table, from which `commit` merges them, or straight into a
 * target that is known to have none of them. Opening the transaction and starting COPY is one round trip.
 */
export async function stage(context: PageContext, rows: RowStream, release: () => void): Promise<StagedBatch> {
  const { client, names, target, sql } = context;
  const copy = rows.marked
    ? `${sql.createStaging(STAGING)};\nCOPY pg_temp.${STAGING} FROM STDIN`
    : `COPY ${names.table(target)} (${sql.copyColumns}) FROM STDIN`;
  const into = client.query(copyFrom(`${BEGIN};\n${copy}`));
  // The pipeline listens only until it has failed once; an error that nobody listens to would end the process.
  into.on('error', () => undefined);
  try {
    await pipeline(rows.source, into);
  } catch (error) {
    await rollback(client, error);
    throw await context.explain(classify(error, target)).finally(release);
  }
  return stagedBatch(context, rows, into.rowCount, release);
}

function stagedBatch(context: PageContext, rows: RowStream, count: number, release: () => void): StagedBatch {
  let open = true;
  const close = () => {
    open = false;
    release();
  };
  return {
    commit: async (from, to) => {
      try {
        return await commitStaged(context, rows, count, from, to);
      } catch (error) {
        throw await context.explain(error);
      } finally {
        close();
      }
    },
    discard: async () => {
      if (!open) return;
      await rollback(context.client);
      close();
    },
  };
}

async function commitStaged(
  context: PageContext,
  rows: RowStream,
  count: number,
  from: Position,
  to: Position,
): Promise<ApplyResult> {
  const { client, names, owner, target } = context;
  const merge = rows.marked ? mergeSql(context, rows) : [];
  try {
    await runStatements(
      client,
      [fenceSql(names, owner, target, from), ...merge, moveSql(names, target, to), 'COMMIT'],
      target,
    );
    return { kind: 'applied', rows: count, parked: 0 };
  } catch (error) {
    if (isFenced(error)) return { kind: 'fenced' };
    throw error;
  }
}

function mergeSql({ names, target, sql, mayHaveParked }: PageContext, rows: RowStream): string[] {
  const staging = `pg_temp.${STAGING}`;
  return [
    ...(rows.sweep === undefined ? [sql.deleteStaged(staging)] : [sql.sweepStaged(staging, rows.sweep)]),
    sql.upsertStaged(staging, rows.sweep !== undefined),
    ...(mayHaveParked ? [forgetParkedAmongSql(names, target, staging)] : []),
  ];
}
