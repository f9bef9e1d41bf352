import { setTimeout as delay } from 'node:timers/promises';
import { type Database, errorCode, type Queryable } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import { type MigrationFile, readHeaders } from './files.ts';

/** How far a back-fill is. What is kept in "SchemaBackfill", so that whoever comes next goes on from there. */
export type BackfillProgress = {
  rows: number;
  /** As the statistics have it, of the table that the file's header `-- table:` names; undefined when not known. */
  estimatedRows?: number;
};
export type BackfillListener = (progress: BackfillProgress) => void;

/** `12,000 of about 40,000`, for people. */
export function describeFilling({ rows, estimatedRows }: BackfillProgress): string {
  const about = estimatedRows === undefined ? '' : ` of about ${Math.max(estimatedRows, rows).toLocaleString('en')}`;
  return rows.toLocaleString('en') + about;
}

type State = {
  cursor: string | null;
  rowsDone: bigint;
  rowsEstimated: bigint | null;
  batchSize: number;
  finishedAt: Date | null;
};

const CREATE = `
  CREATE TABLE IF NOT EXISTS "SchemaBackfill" (
    "name"          text PRIMARY KEY,
    -- The last key that was done, as the file's statement returned it.
    "cursor"        text,
    "rowsDone"      bigint NOT NULL DEFAULT 0,
    "rowsEstimated" bigint,
    "batchSize"     integer NOT NULL,
    "startedAt"     timestamptz NOT NULL DEFAULT now(),
    "updatedAt"     timestamptz NOT NULL DEFAULT now(),
    "finishedAt"    timestamptz
  )`;

const DEFAULT_BATCH_SIZE = 1_000;
/** Rows of a batch are locked for as long as it takes. */
const BATCH_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 1_000;
/** Between two batches, in parts of what the last one took: room for the writers, the standbys and autovacuum. */
const PAUSE_SHARE = 0.5;
const LONGEST_PAUSE_MS = 1_000;
const TELL_EVERY_MS = 5_000;
const QUERY_CANCELED = '57014';

/**
 * Runs a file's one statement again and again, each time in a transaction of its own with short timeouts, which also
 * keeps how far it came. The statement gets `$1`, the last key (text; NULL at the beginning), and `$2`, how many rows to
 * take, and returns one row: `"cursor"`, the last key it did (NULL when there was none left), and `"rows"`.
 */
export async function runBackfill(db: Database, file: MigrationFile, tell: BackfillListener): Promise<void> {
  await db.query(CREATE);
  await db.query(
    `INSERT INTO "SchemaBackfill" ("name", "batchSize", "rowsEstimated")
     VALUES ($1, $2, (SELECT NULLIF(GREATEST(c.reltuples, 0), 0)::bigint FROM pg_class c WHERE c.oid = to_regclass($3)))
     ON CONFLICT ("name") DO NOTHING`,
    [
      file.name,
      Number(readHeaders(file.sql, 'batch-size')[0] ?? DEFAULT_BATCH_SIZE),
      readHeaders(file.sql, 'table')[0] ?? null,
    ],
  );
  let toldAt = performance.now();
  for (;;) {
    const started = performance.now();
    const state = await nextBatch(db, file);
    if (state.finishedAt !== null || performance.now() - toldAt > TELL_EVERY_MS) {
      tell({ rows: Number(state.rowsDone), estimatedRows: optionalNumber(state.rowsEstimated) });
      toldAt = performance.now();
    }
    if (state.finishedAt !== null) return;
    await delay(Math.min((performance.now() - started) * PAUSE_SHARE, LONGEST_PAUSE_MS));
  }
}

/** One batch; after a timeout, one of half the size. */
async function nextBatch(db: Database, file: MigrationFile): Promise<State> {
  for (;;) {
    try {
      return await db.transaction((tx) => runBatch(tx, file), { attempts: 1 });
    } catch (error) {
      if (errorCode(error) !== QUERY_CANCELED || !(await halve(db, file.name))) throw error;
    }
  }
}

async function halve(db: Queryable, name: string): Promise<boolean> {
  const halved = await db.query(
    'UPDATE "SchemaBackfill" SET "batchSize" = "batchSize" / 2 WHERE "name" = $1 AND "batchSize" > 1 RETURNING 1',
    [name],
  );
  return halved.length > 0;
}

async function runBatch(tx: Queryable, file: MigrationFile): Promise<State> {
  await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await tx.query(`SET LOCAL statement_timeout = ${BATCH_TIMEOUT_MS}`);
  // Locked: should the migration lock be lost with its connection, two processes still take turns.
  const [before] = await tx.query<State>(
    `SELECT "cursor", "rowsDone", "rowsEstimated", "batchSize", "finishedAt" FROM "SchemaBackfill" WHERE "name" = $1 FOR UPDATE`,
    [file.name],
  );
  if (before === undefined) throw misbehaved(file, 'its row in "SchemaBackfill" is gone');
  if (before.finishedAt !== null) return before;
  const done = readBatch(file, before, await tx.query(file.sql, [before.cursor, before.batchSize]));
  const [after] = await tx.query<State>(
    `UPDATE "SchemaBackfill" SET "cursor" = COALESCE($2, "cursor"), "rowsDone" = "rowsDone" + $3, "updatedAt" = now(),
       "finishedAt" = CASE WHEN $2::text IS NULL THEN now() END
     WHERE "name" = $1 RETURNING "cursor", "rowsDone", "rowsEstimated", "batchSize", "finishedAt"`,
    [file.name, done.cursor, done.rows],
  );
  return after ?? before;
}

type Batch = { cursor: string | null; rows: bigint };

/** A statement that does not say where it is would be run for ever, or end too early. */
function readBatch(file: MigrationFile, before: State, rows: { cursor?: unknown; rows?: unknown }[]): Batch {
  const [row] = rows;
  if (rows.length !== 1 || row === undefined) throw misbehaved(file, `it returned ${rows.length} rows instead of one`);
  const { cursor } = row;
  if (cursor !== null && typeof cursor !== 'string') throw misbehaved(file, 'its "cursor" is no text');
  if (cursor !== null && cursor === before.cursor) throw misbehaved(file, `it does not get past ${cursor}`);
  if (typeof row.rows !== 'bigint' && typeof row.rows !== 'number') throw misbehaved(file, 'its "rows" is no number');
  return { cursor, rows: BigInt(row.rows) };
}

function misbehaved(file: MigrationFile, what: string): HexclaveError {
  return new HexclaveError({
    code: 'MIGRATION_FAILED',
    message: `The back-fill ${file.name}.sql was stopped: ${what}.`,
    remedy:
      'Let it return one row: the last key as text under "cursor" (NULL at the end), and how many rows under "rows".',
  });
}

function optionalNumber(value: bigint | null): number | undefined {
  return value === null ? undefined : Number(value);
}
