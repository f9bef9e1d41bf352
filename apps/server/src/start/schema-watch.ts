import { KnownError } from '@hexclave/contract';
import { type Database, errorCode } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import { assertKnown, readBreaking, readMigrations, SOURCE_DIRECTORY } from '@hexclave/migrations';

/** Notices that a newer version has changed the internal database in a way that this process must not work with. */
export type SchemaWatch = {
  /** The breaking migrations of the database, told by what asks it anyway. */
  found(breaking: readonly string[]): Promise<void>;
  /**
   * Asks the database, at most every few seconds: for where no heartbeat tells.
   *
   * @throws {KnownError} SERVICE_UNAVAILABLE once this process must not work any more
   */
  look(): Promise<void>;
  /** Something failed, perhaps because what it uses has been taken away. */
  failed(error: unknown): void;
};

export type SchemaWatchOptions = {
  database: Database;
  migrationsDirectory: string | undefined;
  /** Called once. */
  onTooNew: (error: HexclaveError) => void;
};

const LOOK_EVERY_MS = 5_000;

export async function createSchemaWatch(options: SchemaWatchOptions): Promise<SchemaWatch> {
  const { database, migrationsDirectory = SOURCE_DIRECTORY, onTooNew } = options;
  const known = new Set((await readMigrations(migrationsDirectory)).map(({ name }) => name));
  let lookedAt = performance.now();
  let over = false;

  const check = async () => {
    lookedAt = performance.now();
    await assertKnown(database, known).catch((error: unknown) => {
      // Whatever else is wrong with the database, others tell.
      if (over || !(error instanceof HexclaveError)) return;
      over = true;
      onTooNew(error);
    });
  };
  const found = async (breaking: readonly string[]) => {
    if (breaking.some((name) => !known.has(name))) await check();
  };
  const isDue = () => performance.now() - lookedAt >= LOOK_EVERY_MS;
  return {
    found,
    look: async () => {
      if (isDue()) {
        lookedAt = performance.now();
        await found(await readBreaking(database));
      }
      if (over) throw new KnownError('SERVICE_UNAVAILABLE', {});
    },
    failed: (error) => {
      if (isDue() && isRefusal(error)) void check();
    },
  };
}

/** SQLSTATEs of statements that do not fit the tables: names, types, NOT NULL and other constraints. */
function isRefusal(error: unknown): boolean {
  return /^(22|23|42)/.test(errorCode(error) ?? '');
}
