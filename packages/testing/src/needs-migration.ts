import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { currentEnvironment, loadEnvironment, type Source, TEST_CATALOGUE } from '@hexclave/env';
import { SOURCE_DIRECTORY } from '@hexclave/migrations';

/**
 * For tests of what a migration adds: `describe.skipIf(needsMigration('0012_status').skip)('…')`. They are left out
 * where `migration-compat` runs this branch's code on the migrations of before. Anything that is not declared must work
 * there.
 */
export function needsMigration(name: string, environment: Source = currentEnvironment()): { skip: boolean } {
  const { withoutMigrations } = loadEnvironment(TEST_CATALOGUE, { defaultMode: 'test', environment });
  if (withoutMigrations?.split(',').includes(name)) return { skip: true };
  if (existsSync(join(SOURCE_DIRECTORY, `${name}.sql`))) return { skip: false };
  throw new Error(`needsMigration('${name}'): there is no packages/migrations/sql/${name}.sql`);
}

/** Ends the loading of a test file, which then counts as left out. `migration-compat` knows it by its name. */
class MigrationLeftOut extends Error {
  override name = 'MigrationLeftOut';
}

/**
 * For whole test files, at their top, and for support that everything in a file goes through: leaves the file out where
 * one of these migrations is not there.
 */
export function fileNeedsMigrations(names: readonly string[], environment: Source = currentEnvironment()): void {
  const missing = names.filter((name) => needsMigration(name, environment).skip);
  if (missing.length > 0) throw new MigrationLeftOut(missing.join(','));
}
