import { setTimeout as delay } from 'node:timers/promises';
import { type Database, errorCode } from '@hexclave/db';
import type { Context } from './operation.ts';
import { runOperations, type Transaction } from './transaction.ts';

/** What became of the transactions of a run. */
export type WriteCounts = {
  committed: number;
  rolledBack: number;
  /** Refused by the internal database, e.g. by a unique index. */
  refused: number;
  /** The connection broke: nobody knows whether they were committed. */
  interrupted: number;
  operations: number;
};

export const noWrites = (): WriteCounts => ({
  committed: 0,
  rolledBack: 0,
  refused: 0,
  interrupted: 0,
  operations: 0,
});

class RolledBack extends Error {}

const INTEGRITY = /^23/;
/** Deadlocks, serialization failures, lock time-outs: writers get in each other's way. */
const CONFLICTS = new Set(['40P01', '40001', '55P03']);
/** What is wrong with an operation itself: a bug of the workload. */
const BUGS = /^(22|42|0A)/;

/** Runs one writer's transactions, one after the other, none before its time. */
export async function runWriter(
  db: Database,
  transactions: readonly Transaction[],
  context: Context,
  startedAt: number,
  counts: WriteCounts,
): Promise<void> {
  for (const transaction of transactions) {
    const early = startedAt + transaction.at - performance.now();
    if (early > 0) await delay(early);
    counts[await attempt(db, transaction, context)] += 1;
    counts.operations += transaction.operations.length;
  }
}

async function attempt(
  db: Database,
  transaction: Transaction,
  context: Context,
): Promise<Exclude<keyof WriteCounts, 'operations'>> {
  try {
    await db.transaction(
      async (tx) => {
        await runOperations(tx, transaction, context);
        if (transaction.outcome === 'rollback') throw new RolledBack();
      },
      { attempts: 1 },
    );
    return 'committed';
  } catch (error) {
    if (error instanceof RolledBack) return 'rolledBack';
    const code = errorCode(error) ?? '';
    if (BUGS.test(code)) throw error;
    return INTEGRITY.test(code) || CONFLICTS.has(code) ? 'refused' : 'interrupted';
  }
}
