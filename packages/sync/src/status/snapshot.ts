import type { Database, Queryable } from '@hexclave/db';

/**
 * Reads in one snapshot. Index walks, whatever the statistics say: they know little of flags and queues that come and go by
 * the second, and a plan that reads a table would take longer the more users there are.
 */
export function readSnapshot<T>(db: Database, read: (tx: Queryable) => Promise<T>): Promise<T> {
  return db.transaction(
    async (tx) => {
      await tx.query(
        `SELECT ${SWITCHED_OFF.map((name) => `set_config('${name}', 'off', true)`).join(', ')}, set_config('statement_timeout', '${TIMEOUT_MS}', true)`,
      );
      return read(tx);
    },
    { isolation: 'REPEATABLE READ' },
  );
}

const SWITCHED_OFF = [
  'enable_seqscan',
  'enable_bitmapscan',
  'enable_hashjoin',
  'enable_mergejoin',
  'enable_material',
  'jit',
];
/** A status that takes this long is of no use to anybody. */
const TIMEOUT_MS = 5_000;
