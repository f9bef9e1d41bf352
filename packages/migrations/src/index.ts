export { type BackfillProgress, describeFilling } from './backfill.ts';
export {
  DRIFT_REMEDY,
  type Drift,
  type DriftReport,
  describeDrift,
  describeSchema,
  findDrift,
  SCHEMA_FILE,
  type Schema,
} from './drift.ts';
export {
  type Compatibility,
  type Execution,
  type MigrationFile,
  parseMigration,
  readHeaders,
  readMigrations,
  SOURCE_DIRECTORY,
} from './files.ts';
export { type AppliedMigration, readBreaking } from './ledger.ts';
export {
  assertKnown,
  assertMigrated,
  listMigrations,
  type MigrateOptions,
  type MigrateResult,
  type MigrationProgress,
  type MigrationState,
  migrate,
} from './migrate.ts';
