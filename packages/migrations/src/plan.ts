import { HexclaveError } from '@hexclave/errors';
import type { MigrationFile } from './files.ts';
import type { AppliedMigration } from './ledger.ts';

/** The migrations still to be applied, in order; refuses a database that these files do not fit. */
export function planMigrations(files: MigrationFile[], applied: AppliedMigration[]): MigrationFile[] {
  const known = new Map(files.map((file) => [file.name, file]));
  for (const migration of applied) checkApplied(migration, known.get(migration.name));
  const done = new Set(applied.map(({ name }) => name));
  return files.filter(({ name }) => !done.has(name));
}

function checkApplied(migration: AppliedMigration, file: MigrationFile | undefined): void {
  if (file === undefined) {
    if (migration.compatibility === 'breaking') throw databaseTooNew(migration);
  } else if (file.sha256 !== migration.sha256) {
    throw changed(migration.name);
  }
}

function databaseTooNew({ name, version }: AppliedMigration): HexclaveError {
  const which = version === null ? 'the newer version of Hexclave that applied it' : `Hexclave ${version} or newer`;
  const by = version === null ? '' : `, applied by Hexclave ${version}`;
  return new HexclaveError({
    code: 'MIGRATION_DATABASE_TOO_NEW',
    message: `The database has the migration ${name}${by}, which this version of Hexclave does not know and cannot work with.`,
    remedy: `Deploy ${which}, or restore the database from a backup made before.`,
  });
}

function changed(name: string): HexclaveError {
  return new HexclaveError({
    code: 'MIGRATION_CHANGED',
    message: `The migration ${name} was applied to this database with another content than its file has now.`,
    remedy:
      'Restore the file as it was and put the change into a new migration; on a throw-away database, start it empty.',
  });
}
