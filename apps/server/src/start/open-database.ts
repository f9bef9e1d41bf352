import { createDatabase, type Database } from '@hexclave/db';
import { type MigrationProgress, migrate } from '@hexclave/migrations';
import { describeFailure } from '../http/errors.ts';
import { checkInternalDatabase } from './internal-database.ts';
import type { StartContext } from './start-context.ts';

const CONNECTIONS = 20;

/** Connects to the internal database, checks it, and brings it up to date. */
export async function openDatabase(
  { logger, closers, signal, migrationsDirectory }: StartContext,
  connectionString: string,
  { patienceMs, say }: { patienceMs: number; say: (line: string) => void },
): Promise<Database> {
  const database = createDatabase({
    connectionString,
    max: CONNECTIONS,
    applicationName: 'hexclave api',
    onError: (error) => logger.warn({ failure: describeFailure(error) }, 'an idle database connection broke'),
  });
  closers.add(() => database.end());
  await checkInternalDatabase(database, { patienceMs, signal, say });
  await migrate(database, { directory: migrationsDirectory, onProgress: progressTeller(say) });
  signal.throwIfAborted();
  return database;
}

/** A line for each migration, and one when it has to wait. */
function progressTeller(say: (line: string) => void): (progress: MigrationProgress) => void {
  let waiting = false;
  return (progress) => {
    if (progress.phase === 'applied') say(`Applied migration ${progress.name} (${Math.round(progress.durationMs)} ms)`);
    if (progress.phase === 'waiting' && !waiting) say(`Migrations wait: ${progress.reason}`);
    waiting = progress.phase === 'waiting';
  };
}
