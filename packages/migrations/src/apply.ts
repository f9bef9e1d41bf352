import { type Database, errorCode, type Queryable, retryability } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import { type BackfillListener, runBackfill } from './backfill.ts';
import type { MigrationFile } from './files.ts';
import { recordMigration } from './ledger.ts';
import { createdIndex, splitStatements } from './statements.ts';

export type ApplyOptions = { version?: string; onBatches: BackfillListener };

/** Applies one migration under the lock that `tx` holds. `db` is used for what cannot run in a transaction. */
export async function applyMigration(
  db: Database,
  tx: Queryable,
  file: MigrationFile,
  { version, onBatches }: ApplyOptions,
): Promise<number> {
  const started = performance.now();
  try {
    if (file.execution === 'whole') await tx.query(file.sql);
    else
      await applyBeside(tx, () =>
        file.execution === 'batches' ? runBackfill(db, file, onBatches) : applyConcurrent(db, file),
      );
  } catch (error) {
    throw error instanceof HexclaveError || retryability(error) !== 'never' ? error : failed(file, error);
  }
  const durationMs = performance.now() - started;
  await recordMigration(tx, file, { durationMs, version });
  return durationMs;
}

/** On a second connection, while `tx` stands idle only to hold the lock: idle, it has no snapshot to be waited for. */
async function applyBeside(tx: Queryable, work: () => Promise<void>): Promise<void> {
  await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  await work();
}

async function applyConcurrent(db: Database, file: MigrationFile): Promise<void> {
  for (const statement of splitStatements(file.sql)) {
    const index = createdIndex(statement);
    const state = index === undefined ? 'missing' : await indexState(db, index);
    if (state === 'valid') continue;
    if (state === 'invalid') await db.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
    await db.query(statement);
  }
}

/** A CREATE INDEX CONCURRENTLY that was cut short leaves an invalid index behind, which IF NOT EXISTS would accept. */
async function indexState(db: Queryable, index: string): Promise<'missing' | 'invalid' | 'valid'> {
  const [row] = await db.query<{ valid: boolean }>(
    'SELECT indisvalid AS "valid" FROM pg_index WHERE indexrelid = to_regclass($1)',
    [index],
  );
  if (row === undefined) return 'missing';
  return row.valid ? 'valid' : 'invalid';
}

function failed(file: MigrationFile, cause: unknown): HexclaveError {
  const sqlState = errorCode(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HexclaveError({
    code: 'MIGRATION_FAILED',
    message: `The migration ${file.name}.sql failed${lineOf(file, cause)}: ${reason}${sqlState === undefined ? '' : ` (SQLSTATE ${sqlState})`}`,
    remedy: `${file.execution === 'whole' ? 'Nothing of it was kept.' : 'What was done of it is kept, and not done again.'} Remove the cause that PostgreSQL names, then start again.`,
    cause,
  });
}

function lineOf(file: MigrationFile, cause: unknown): string {
  if (file.execution === 'concurrent' || typeof cause !== 'object' || cause === null || !('position' in cause))
    return '';
  const line = file.sql.slice(0, Number(cause.position)).split('\n').length;
  return ` at line ${line}`;
}
