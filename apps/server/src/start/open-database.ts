import { createDatabase, type Database } from '@hexclave/db';
import { assertMigrated, describeFilling, type MigrationProgress, migrate } from '@hexclave/migrations';
import { describeFailure } from '../http/errors.ts';
import { VERSION } from '../version.ts';
import { checkInternalDatabase } from './internal-database.ts';
import type { StartContext } from './start-context.ts';
import { stepsOf } from './steps.ts';

const CONNECTIONS = 20;

/** Connects to the internal database, checks it, and brings it up to date, unless something else is to do that. */
export async function openDatabase(
  { environment, logger, closers, signal, migrationsDirectory: directory }: StartContext,
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
  if (stepsOf(environment).migrate)
    await migrate(database, { directory, version: VERSION, onProgress: progressTeller(say) });
  else await assertMigrated(database, { directory });
  signal.throwIfAborted();
  return database;
}

/** A line for each migration, and one when it has to wait. */
function progressTeller(say: (line: string) => void): (progress: MigrationProgress) => void {
  let waiting = false;
  return (progress) => {
    if (progress.phase === 'applied') say(`Applied migration ${progress.name} (${Math.round(progress.durationMs)} ms)`);
    if (progress.phase === 'filling') say(`Migration ${progress.name} fills rows: ${describeFilling(progress)}`);
    if (progress.phase === 'waiting' && !waiting) say(`Migrations wait: ${progress.reason}`);
    waiting = progress.phase === 'waiting';
  };
}
