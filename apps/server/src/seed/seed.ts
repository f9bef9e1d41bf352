import type { Database } from '@hexclave/db';
import { hashKey, hintOf } from '../services/keys.ts';
import { INTERNAL_PROJECT_ID, MAIN_BRANCH_ID } from '../services/projects.ts';
import type { ProjectKeys, SeededKeys } from './key-file.ts';

const FAR_FUTURE = '9999-01-01T00:00:00Z';

/** Creates the project that administers the others. Does nothing where it exists. */
export async function seedInternalProject(database: Database): Promise<void> {
  await ensureProject(database, INTERNAL_PROJECT_ID, 'Hexclave');
}

/** Creates the internal and the demo project with the given keys. What exists stays as it is, revoked keys included. */
export async function seedDevelopment(database: Database, keys: SeededKeys): Promise<void> {
  await seedInternalProject(database);
  await ensureProject(database, keys.demo.projectId, 'Demo');
  await ensureKeySet(database, keys.internal);
  await ensureKeySet(database, keys.demo);
}

async function ensureProject(database: Database, id: string, displayName: string): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query('INSERT INTO "Project" ("id", "displayName") VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      id,
      displayName,
    ]);
    await tx.query('INSERT INTO "Tenancy" ("projectId", "branchId") VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      id,
      MAIN_BRANCH_ID,
    ]);
  });
}

async function ensureKeySet(database: Database, keys: ProjectKeys): Promise<void> {
  await database.query(
    `INSERT INTO "ApiKeySet" (
       "projectId", "id", "description", "expiresAt",
       "publishableClientKeyHash", "publishableClientKeyHint",
       "secretServerKeyHash", "secretServerKeyHint",
       "superSecretAdminKeyHash", "superSecretAdminKeyHint"
     ) VALUES ($1, $2, 'Development keys', $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT DO NOTHING`,
    [
      keys.projectId,
      keys.keySetId,
      FAR_FUTURE,
      ...[keys.publishableClientKey, keys.secretServerKey, keys.superSecretAdminKey].flatMap((key) => [
        hashKey(key),
        hintOf(key),
      ]),
    ],
  );
}
