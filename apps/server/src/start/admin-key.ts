import type { Database } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import { hashKey, hintOf, isWellFormedKey } from '../services/keys.ts';
import { INTERNAL_PROJECT_ID } from '../services/projects.ts';

/** Always the same key set, so that a key which the operator exchanges stops working. */
const KEY_SET_ID = 'ad000000-0000-4000-8000-000000000001';

/**
 * Lets the given key administer the internal project: the first one in a new production database has to come from
 * somewhere. A key set that was revoked stays revoked as long as the key is the same.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID unless the key is of the form that the API takes
 */
export async function seedAdminKey(database: Database, key: string): Promise<void> {
  if (!isWellFormedKey('admin', key)) throw malformed();
  await database.query(
    `INSERT INTO "ApiKeySet" AS k
       ("projectId", "id", "description", "expiresAt", "superSecretAdminKeyHash", "superSecretAdminKeyHint")
     VALUES ($1, $2, 'From the environment of the server', 'infinity', $3, $4)
     ON CONFLICT ("projectId", "id") DO UPDATE
     SET "superSecretAdminKeyHash" = excluded."superSecretAdminKeyHash",
         "superSecretAdminKeyHint" = excluded."superSecretAdminKeyHint", "manuallyRevokedAt" = NULL
     WHERE k."superSecretAdminKeyHash" <> excluded."superSecretAdminKeyHash"`,
    [INTERNAL_PROJECT_ID, KEY_SET_ID, hashKey(key), hintOf(key)],
  );
}

function malformed(): HexclaveError {
  return new HexclaveError({
    code: 'ENVIRONMENT_INVALID',
    message: 'HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY is not a super secret admin key.',
    remedy: 'Generate one with `npm run generate:admin-key`.',
  });
}
