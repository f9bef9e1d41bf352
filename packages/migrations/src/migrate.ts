import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs, CommitUnknownError, createDatabase, type Database, retryability } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import { applyMigration } from './apply.ts';
import type { BackfillProgress } from './backfill.ts';
import { type MigrationFile, readMigrations, SOURCE_DIRECTORY } from './files.ts';
import { type AppliedMigration, prepareLedger, readLedger } from './ledger.ts';
import { withMigrationLock } from './lock.ts';
import { planMigrations, refuseTooNew } from './plan.ts';

export type MigrationProgress =
  | { phase: 'applying'; name: string; remaining: number }
  | { phase: 'applied'; name: string; durationMs: number }
  /** A back-fill, every few seconds and at its end. */
  | ({ phase: 'filling'; name: string } & BackfillProgress)
  /** Another server migrates, or other transactions hold the tables' locks. */
  | { phase: 'waiting'; reason: string };

export type MigrateOptions = {
  /** Where the .sql files lie. Default: this package's own. */
  directory?: string;
  /** That of the program, noted with what it applies: what an older one is told to be replaced by. */
  version?: string;
  onProgress?: (progress: MigrationProgress) => void;
  /** How long to go on trying while others hold locks, since it last got on. Default 900,000. */
  giveUpAfterMs?: number;
};

export type MigrateResult = { applied: string[] };

const ONE_DAY_MS = 86_400_000;
const BUSY_POLL_MS = 100;
const RETRY_BASE_MS = 250;
const RETRY_CAP_MS = 5_000;

/**
 * Brings the database up to the newest migration. Any number of servers may call it at once. Uses connections of its
 * own, without the statement timeout of ordinary work.
 *
 * @throws {HexclaveError} MIGRATION_FAILED, MIGRATION_LOCKED_OUT, MIGRATION_CHANGED, MIGRATION_DATABASE_TOO_NEW or
 *   MIGRATION_FILES_INVALID
 */
export async function migrate(
  target: Pick<Database, 'connectionString'>,
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  const files = await readMigrations(options.directory ?? SOURCE_DIRECTORY);
  const db = createDatabase({
    connectionString: target.connectionString,
    max: 2,
    applicationName: 'hexclave-migrations',
    statementTimeoutMs: ONE_DAY_MS,
    // CREATE INDEX CONCURRENTLY waits for old transactions without blocking anyone; the rest sets its own timeout.
    lockTimeoutMs: 0,
  });
  try {
    return await applyAll(db, files, options);
  } finally {
    await db.end();
  }
}

async function applyAll(db: Database, files: MigrationFile[], options: MigrateOptions): Promise<MigrateResult> {
  const { giveUpAfterMs = 900_000, onProgress } = options;
  let triedSince = Date.now();
  // A back-fill of hours must not end at its first lock that is held.
  const watched: MigrateOptions = {
    ...options,
    onProgress: (progress) => {
      if (progress.phase === 'filling') triedSince = Date.now();
      onProgress?.(progress);
    },
  };
  const applied: string[] = [];
  let failures = 0;
  while (planMigrations(files, await readLedger(db)).length > 0) {
    const step = await attemptNext(db, files, watched);
    if (step.outcome === 'applied') {
      applied.push(step.name);
      failures = 0;
      triedSince = Date.now();
      continue;
    }
    if (step.outcome === 'none') continue;
    if (Date.now() - triedSince > giveUpAfterMs) throw lockedOut(step.error);
    onProgress?.({ phase: 'waiting', reason: step.reason });
    await delay(step.error === undefined ? BUSY_POLL_MS : backoffMs(++failures, RETRY_BASE_MS, RETRY_CAP_MS));
  }
  return { applied };
}

type Step =
  | { outcome: 'applied'; name: string }
  /** Another server has applied the last one meanwhile, or the ledger was made first. */
  | { outcome: 'none' }
  | { outcome: 'blocked'; reason: string; error?: unknown };

async function attemptNext(db: Database, files: MigrationFile[], options: MigrateOptions): Promise<Step> {
  try {
    const name = await applyNext(db, files, options);
    if (name === 'busy') return { outcome: 'blocked', reason: 'Another server is applying migrations.' };
    return name === undefined ? { outcome: 'none' } : { outcome: 'applied', name };
  } catch (error) {
    const mayPass = error instanceof CommitUnknownError || retryability(error) !== 'never';
    if (!mayPass) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    return { outcome: 'blocked', reason: `Will be tried again: ${detail}`, error };
  }
}

function applyNext(
  db: Database,
  files: MigrationFile[],
  { onProgress, version }: MigrateOptions,
): Promise<string | 'busy' | undefined> {
  return withMigrationLock(db, async (tx) => {
    if (await prepareLedger(tx)) return undefined;
    // Read again under the lock: the plan made before it may have been carried out by another server.
    const [next, ...others] = planMigrations(files, await readLedger(tx));
    if (next === undefined) return undefined;
    onProgress?.({ phase: 'applying', name: next.name, remaining: others.length });
    const durationMs = await applyMigration(db, tx, next, {
      version,
      onBatches: (progress) => onProgress?.({ phase: 'filling', name: next.name, ...progress }),
    });
    onProgress?.({ phase: 'applied', name: next.name, durationMs });
    return next.name;
  });
}

/** `cause`: what PostgreSQL said; undefined when another server still applies them, which must not be ended. */
function lockedOut(cause: unknown): HexclaveError {
  return new HexclaveError({
    code: 'MIGRATION_LOCKED_OUT',
    message:
      cause === undefined
        ? 'The migrations were not applied in time: another server is still applying them.'
        : 'The migrations were not applied in time: other transactions held the locks they need.',
    remedy:
      cause === undefined
        ? 'Start again; its connections are named hexclave-migrations in pg_stat_activity. Do not end them while they work.'
        : 'Look for long transactions in pg_stat_activity, end them, and start again.',
    cause,
  });
}

/**
 * For a server that leaves migrations to something else: makes sure that nothing is missing.
 *
 * @throws {HexclaveError} MIGRATION_PENDING, MIGRATION_CHANGED, MIGRATION_DATABASE_TOO_NEW or MIGRATION_FILES_INVALID
 */
export async function assertMigrated(
  db: Pick<Database, 'query'>,
  options: Pick<MigrateOptions, 'directory'> = {},
): Promise<void> {
  const files = await readMigrations(options.directory ?? SOURCE_DIRECTORY);
  const [next, ...others] = planMigrations(files, await readLedger(db));
  if (next === undefined) return;
  throw new HexclaveError({
    code: 'MIGRATION_PENDING',
    message: `The database lacks ${1 + others.length} of this version’s migrations, beginning with ${next.name}.`,
    remedy: 'Apply them first, or leave out HEXCLAVE_SKIP_MIGRATIONS and HEXCLAVE_RUN_MIGRATIONS.',
  });
}

/**
 * For a server that runs: makes sure that nobody has applied a migration meanwhile that it must not work with.
 *
 * @param known the names of its own ones, from when it started: the files may be others by now
 * @throws {HexclaveError} MIGRATION_DATABASE_TOO_NEW
 */
export async function assertKnown(db: Pick<Database, 'query'>, known: ReadonlySet<string>): Promise<void> {
  refuseTooNew(known, await readLedger(db));
}

export type MigrationState = {
  name: string;
  /** `unknown`: applied by a newer version; this one has no such file. */
  state: 'applied' | 'pending' | 'unknown';
  applied?: AppliedMigration;
};

/** Every migration that the files or the database know of. Changes nothing, refuses nothing. */
export async function listMigrations(
  db: Pick<Database, 'query'>,
  options: Pick<MigrateOptions, 'directory'> = {},
): Promise<MigrationState[]> {
  const files = await readMigrations(options.directory ?? SOURCE_DIRECTORY);
  const applied = new Map((await readLedger(db)).map((migration) => [migration.name, migration]));
  const names = new Set([...files.map(({ name }) => name), ...applied.keys()]);
  return [...names].sort().map((name) => {
    const found = applied.get(name);
    if (found === undefined) return { name, state: 'pending' };
    return { name, state: files.some((file) => file.name === name) ? 'applied' : 'unknown', applied: found };
  });
}
