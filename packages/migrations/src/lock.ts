import type { Database, Queryable } from '@hexclave/db';

/** "HEXM": the only advisory lock of this class in the internal database. */
const LOCK_KEY = 0x4845584d;

/** How long a migration's statement may wait for a table's lock: others queue up behind it for as long. */
const TABLE_LOCK_TIMEOUT_MS = 1_000;

/**
 * Runs `work` in a transaction that holds the migration lock, or returns `'busy'` at once when another server does.
 * Waiting for the lock inside PostgreSQL would hold a snapshot, and CREATE INDEX CONCURRENTLY waits for all of those:
 * the two would wait for each other. A transaction-level lock also works behind a transaction pooler.
 */
export function withMigrationLock<T>(db: Database, work: (tx: Queryable) => Promise<T>): Promise<T | 'busy'> {
  return db.transaction(
    async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`);
      const [lock] = await tx.query<{ held: boolean }>(`SELECT pg_try_advisory_xact_lock(${LOCK_KEY}) AS "held"`);
      return lock?.held === true ? work(tx) : 'busy';
    },
    { attempts: 1 },
  );
}
