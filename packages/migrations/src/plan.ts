import { HexclaveError } from '@hexclave/errors';
import type { MigrationFile } from './files.ts';
import type { AppliedMigration } from './ledger.ts';

/** The migrations still to be applied, in order; refuses a database that these files do not fit. */
export function planMigrations(files: MigrationFile[], applied: AppliedMigration[]): MigrationFile[] {
  const known = new Map(files.map((file) => [file.name, file]));
  refuseTooNew(known, applied);
  for (const { name, sha256 } of applied) {
    const file = known.get(name);
    if (file !== undefined && file.sha256 !== sha256) throw changed(name);
  }
  const done = new Set(applied.map(({ name }) => name));
  return files.filter(({ name }) => !done.has(name));
}

/** Refuses a database that has a migration which is not `known` and marked as breaking for whoever does not know it. */
export function refuseTooNew(known: { has(name: string): boolean }, applied: readonly AppliedMigration[]): void {
  const tooNew = applied.find(({ name, compatibility }) => compatibility === 'breaking' && !known.has(name));
  if (tooNew !== undefined) throw databaseTooNew(tooNew);
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
