import type { Queryable } from '@hexclave/db';
import type { Compatibility, MigrationFile } from './files.ts';

/** One row of "SchemaMigration": a migration that this database has. */
export type AppliedMigration = {
  name: string;
  sha256: string;
  compatibility: Compatibility;
  appliedAt: Date;
  durationMs: number;
  /** The version of Hexclave that applied it; null for those from before this was noted. */
  version: string | null;
};

const CREATE = `
  CREATE TABLE IF NOT EXISTS "SchemaMigration" (
    "name"          text PRIMARY KEY,
    "sha256"        text NOT NULL,
    "compatibility" text NOT NULL CHECK ("compatibility" IN ('safe', 'breaking')),
    "appliedAt"     timestamptz NOT NULL DEFAULT now(),
    "durationMs"    integer NOT NULL
  )`;

const ADD_VERSION = 'ALTER TABLE "SchemaMigration" ADD COLUMN IF NOT EXISTS "version" text';

/**
 * Brings the ledger itself up to date, and returns whether there was anything to do: then it has to be committed before
 * anything else is done, as its locks would be held for as long as a migration takes. Only under the migration lock:
 * two at once fail with a unique violation in the catalogue, IF NOT EXISTS or not.
 */
export async function prepareLedger(tx: Queryable): Promise<boolean> {
  const [current] = await tx.query(
    `SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('"SchemaMigration"') AND attname = 'version'`,
  );
  if (current !== undefined) return false;
  await tx.query(CREATE);
  await tx.query(ADD_VERSION);
  return true;
}

export async function readLedger(db: Queryable): Promise<AppliedMigration[]> {
  const [exists] = await db.query<{ exists: boolean }>(
    `SELECT to_regclass('"SchemaMigration"') IS NOT NULL AS "exists"`,
  );
  if (exists?.exists !== true) return [];
  // The column is missing until the first migration after this version's start.
  return db.query<AppliedMigration>(
    `SELECT m."name", m."sha256", m."compatibility", m."appliedAt", m."durationMs", to_jsonb(m) ->> 'version' AS "version"
     FROM "SchemaMigration" m ORDER BY m."name"`,
  );
}

/** The names of those that end every server which does not know them. Asked so often that it is one small statement. */
export async function readBreaking(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT m."name" FROM "SchemaMigration" m WHERE m."compatibility" = 'breaking'`,
  );
  return rows.map(({ name }) => name);
}

export type Done = { durationMs: number; version?: string };

export async function recordMigration(
  db: Queryable,
  file: MigrationFile,
  { durationMs, version }: Done,
): Promise<void> {
  await db.query(
    `INSERT INTO "SchemaMigration" ("name", "sha256", "compatibility", "durationMs", "version")
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT ("name") DO NOTHING`,
    [file.name, file.sha256, file.compatibility, Math.round(durationMs), version ?? null],
  );
}
