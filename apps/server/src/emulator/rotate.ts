import { createDatabase, errorCode } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import { seedInternalKeys } from '../seed/internal-keys.ts';
import { seedInternalProject } from '../seed/seed.ts';
import { completeSecrets, internalKeysOf } from './secrets.ts';
import { writeSecrets } from './secrets-file.ts';

export type RotateOptions = {
  home: string;
  /** Of the internal database. Without it, the next start of the emulator brings the new keys there. */
  connectionString?: string | undefined;
  /** Those that are not to be made up. */
  given?: Readonly<Record<string, string | undefined>>;
};

/**
 * Exchanges the secrets of a local emulator. The keys of the internal project are exchanged in the database of a
 * running one: new ones work, and old ones do not, from the moment at which this resolves.
 *
 * The file is written while the database’s row of keys is locked and not yet committed. Two at once therefore go one
 * after the other; and one that is killed between the two leaves the new secrets in the file and the old keys in the
 * database, which the next start, or the next rotation, puts right.
 *
 * @throws {HexclaveError} EMULATOR_SECRET_REFUSED, INTERNAL_DATABASE_UNREACHABLE; nothing has changed then
 */
export async function rotateSecrets({ home, connectionString, given }: RotateOptions): Promise<void> {
  const secrets = completeSecrets(given);
  if (connectionString === undefined) return writeSecrets(home, secrets);
  const database = createDatabase({ connectionString, max: 1, applicationName: 'hexclave rotate-secrets' });
  try {
    await seedInternalProject(database);
    await database.transaction(async (tx) => {
      await seedInternalKeys(tx, internalKeysOf(secrets));
      await writeSecrets(home, secrets);
    });
  } catch (error) {
    throw explain(error);
  } finally {
    await database.end();
  }
}

function explain(error: unknown): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  return new HexclaveError({
    code: 'INTERNAL_DATABASE_UNREACHABLE',
    message: `The keys could not be exchanged in the internal database (${code}).`,
    remedy:
      code === '42P01'
        ? 'Start the emulator once, which creates its tables, then try again.'
        : 'Check that the database in HEXCLAVE_DATABASE_CONNECTION_STRING runs, then try again.',
    cause: error,
  });
}
