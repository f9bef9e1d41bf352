import type { Queryable } from '@hexclave/db';
import type { Compatibility, MigrationFile } from './files.ts';

/** One row of "SchemaMigration": a migration that this database has. */
export type AppliedMigration = {
  name: string;
  sha256: string;
  compatibility: Compatibility;
  appliedAt: Date;
  durationMs: number;
};

const CREATE = `
  CREATE TABLE IF NOT EXISTS "SchemaMigration" (
    "name"          text PRIMARY KEY,
    "sha256"        text NOT NULL,
    "compatibility" text NOT NULL CHECK ("compatibility" IN ('safe', 'breaking')),
    "appliedAt"     timestamptz NOT NULL DEFAULT now(),
    "durationMs"    integer NOT NULL
  )`;

/** Only under the migration lock: two at once fail with a unique violation in the catalogue, IF NOT EXISTS or not. */
export async function createLedger(tx: Queryable): Promise<void> {
  await tx.query(CREATE);
}

export async function readLedger(db: Queryable): Promise<AppliedMigration[]> {
  const [exists] = await db.query<{ exists: boolean }>(
    `SELECT to_regclass('"SchemaMigration"') IS NOT NULL AS "exists"`,
  );
  if (exists?.exists !== true) return [];
  return db.query<AppliedMigration>(
    'SELECT "name", "sha256", "compatibility", "appliedAt", "durationMs" FROM "SchemaMigration" ORDER BY "name"',
  );
}

export async function recordMigration(db: Queryable, file: MigrationFile, durationMs: number): Promise<void> {
  await db.query(
    `INSERT INTO "SchemaMigration" ("name", "sha256", "compatibility", "durationMs") VALUES ($1, $2, $3, $4)
     ON CONFLICT ("name") DO NOTHING`,
    [file.name, file.sha256, file.compatibility, Math.round(durationMs)],
  );
}
