export type { Compatibility, MigrationFile } from './files.ts';
export type { AppliedMigration } from './ledger.ts';
export {
  assertMigrated,
  listMigrations,
  type MigrateOptions,
  type MigrateResult,
  type MigrationProgress,
  type MigrationState,
  migrate,
} from './migrate.ts';
