import type { Database } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import { hashKey, hintOf, isWellFormedKey } from '../services/keys.ts';
import { INTERNAL_PROJECT_ID } from '../services/projects.ts';

/** Always the same key set, so that a key which the operator exchanges stops working. */
const KEY_SET_ID = 'ad000000-0000-4000-8000-000000000001';

/** @throws {HexclaveError} ENVIRONMENT_INVALID unless the key is of the form that the API takes */
export function assertAdminKey(key: string): void {
  if (isWellFormedKey('admin', key)) return;
  throw new HexclaveError({
    code: 'ENVIRONMENT_INVALID',
    message: 'HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY is not a super secret admin key.',
    remedy: 'Generate one with `npm run generate:admin-key`.',
  });
}

/**
 * Lets the given key administer the internal project: the first one in a new production database has to come from
 * somewhere. A key set that was revoked stays revoked as long as the key is the same.
 */
export async function seedAdminKey(database: Database, key: string): Promise<void> {
  await database.query(
    `INSERT INTO "ApiKeySet" AS k
       ("projectId", "id", "description", "expiresAt", "superSecretAdminKeyHash", "superSecretAdminKeyHint")
     VALUES ($1, $2, 'From the environment of the server', '9999-01-01T00:00:00Z', $3, $4)
     ON CONFLICT ("projectId", "id") DO UPDATE
     SET "superSecretAdminKeyHash" = excluded."superSecretAdminKeyHash",
         "superSecretAdminKeyHint" = excluded."superSecretAdminKeyHint", "manuallyRevokedAt" = NULL
     WHERE k."superSecretAdminKeyHash" <> excluded."superSecretAdminKeyHash"`,
    [INTERNAL_PROJECT_ID, KEY_SET_ID, hashKey(key), hintOf(key)],
  );
}
