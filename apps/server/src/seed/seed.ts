import type { Database } from '@hexclave/db';
import { BY_SERVER, recordAudit } from '../services/audit.ts';
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
    const created = await tx.query(
      'INSERT INTO "Project" ("id", "displayName") VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1',
      [id, displayName],
    );
    await tx.query('INSERT INTO "Tenancy" ("projectId", "branchId") VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      id,
      MAIN_BRANCH_ID,
    ]);
    if (created.length > 0) {
      await recordAudit(tx, BY_SERVER, {
        action: 'project.create',
        projectId: id,
        after: { display_name: displayName, description: '' },
      });
    }
  });
}

const DESCRIPTION = 'Development keys';

const INSERT_KEY_SET = `
  INSERT INTO "ApiKeySet" (
    "projectId", "id", "description", "expiresAt",
    "publishableClientKeyHash", "publishableClientKeyHint",
    "secretServerKeyHash", "secretServerKeyHint",
    "superSecretAdminKeyHash", "superSecretAdminKeyHint"
  ) VALUES ($1, $2, '${DESCRIPTION}', $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT DO NOTHING RETURNING 1`;

async function ensureKeySet(database: Database, keys: ProjectKeys): Promise<void> {
  await database.transaction(async (tx) => {
    const created = await tx.query(INSERT_KEY_SET, [
      keys.projectId,
      keys.keySetId,
      FAR_FUTURE,
      ...[keys.publishableClientKey, keys.secretServerKey, keys.superSecretAdminKey].flatMap((key) => [
        hashKey(key),
        hintOf(key),
      ]),
    ]);
    if (created.length === 0) return;
    const after = { id: keys.keySetId, description: DESCRIPTION };
    await recordAudit(tx, BY_SERVER, { action: 'api_key.create', projectId: keys.projectId, after });
  });
}
