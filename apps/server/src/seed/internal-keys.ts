import type { Queryable } from '@hexclave/db';
import type { Environment } from '@hexclave/env';
import { HexclaveError } from '@hexclave/errors';
import { BY_SERVER, recordAudit } from '../services/audit.ts';
import { hashKey, hintOf, isWellFormedKey, type KeyKind } from '../services/keys.ts';
import { INTERNAL_PROJECT_ID } from '../services/projects.ts';

/** The keys of the internal project that the operator has given. */
export type InternalKeys = Partial<Record<KeyKind, string>>;

/** Where each comes from. */
export const SEED_VARIABLES: Record<KeyKind, string> = {
  client: 'HEXCLAVE_SEED_INTERNAL_PROJECT_PUBLISHABLE_CLIENT_KEY',
  server: 'HEXCLAVE_SEED_INTERNAL_PROJECT_SECRET_SERVER_KEY',
  admin: 'HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY',
};
const NAMES: Record<KeyKind, string> = {
  client: 'a publishable client key',
  server: 'a secret server key',
  admin: 'a super secret admin key',
};

/** Always the same key set, so that a key which the operator exchanges stops working. */
const KEY_SET_ID = 'ad000000-0000-4000-8000-000000000001';

/** @throws {HexclaveError} ENVIRONMENT_INVALID unless each key is of the form that the API takes */
export function givenInternalKeys(environment: Environment): InternalKeys {
  const given = {
    client: environment.seedClientKey,
    server: environment.seedServerKey,
    admin: environment.seedAdminKey,
  };
  for (const kind of Object.keys(given) as KeyKind[]) assertKey(kind, given[kind]);
  return given;
}

function assertKey(kind: KeyKind, key: string | undefined): void {
  if (key === undefined || isWellFormedKey(kind, key, true)) return;
  throw new HexclaveError({
    code: 'ENVIRONMENT_INVALID',
    message: `${SEED_VARIABLES[kind]} is not ${NAMES[kind]}.`,
    remedy: `Generate one with ${kind === 'admin' ? '`npm run generate:admin-key` or ' : ''}\`openssl rand -hex 32\`.`,
  });
}

/**
 * Lets the given keys open the internal project: the first ones in a new production database have to come from
 * somewhere. A key that is exchanged, or no longer given while another one is, stops working at once. A key set that
 * was revoked stays revoked as long as its keys are the same. To be called in a transaction.
 */
export async function seedInternalKeys(tx: Queryable, keys: InternalKeys): Promise<void> {
  const given = [keys.client, keys.server, keys.admin];
  if (given.every((key) => key === undefined)) return;
  const [saved] = await tx.query<{ created: boolean }>(SAVE, [
    INTERNAL_PROJECT_ID,
    KEY_SET_ID,
    ...given.flatMap((key) => (key === undefined ? [null, null] : [hashKey(key), hintOf(key)])),
  ]);
  if (saved === undefined) return;
  await recordAudit(tx, BY_SERVER, {
    action: saved.created ? 'api_key.create' : 'api_key.update',
    projectId: INTERNAL_PROJECT_ID,
    after: { id: KEY_SET_ID, description: DESCRIPTION, from: 'environment' },
  });
}

const DESCRIPTION = 'From the environment of the server';

/** Returns nothing where the keys are those that are there already. */
const SAVE = `
  INSERT INTO "ApiKeySet" AS k
    ("projectId", "id", "description", "expiresAt",
     "publishableClientKeyHash", "publishableClientKeyHint",
     "secretServerKeyHash", "secretServerKeyHint",
     "superSecretAdminKeyHash", "superSecretAdminKeyHint")
  VALUES ($1, $2, '${DESCRIPTION}', '9999-01-01T00:00:00Z', $3, $4, $5, $6, $7, $8)
  ON CONFLICT ("projectId", "id") DO UPDATE
  SET "publishableClientKeyHash" = excluded."publishableClientKeyHash",
      "publishableClientKeyHint" = excluded."publishableClientKeyHint",
      "secretServerKeyHash" = excluded."secretServerKeyHash",
      "secretServerKeyHint" = excluded."secretServerKeyHint",
      "superSecretAdminKeyHash" = excluded."superSecretAdminKeyHash",
      "superSecretAdminKeyHint" = excluded."superSecretAdminKeyHint", "manuallyRevokedAt" = NULL
  WHERE (k."publishableClientKeyHash", k."secretServerKeyHash", k."superSecretAdminKeyHash") IS DISTINCT FROM
    (excluded."publishableClientKeyHash", excluded."secretServerKeyHash", excluded."superSecretAdminKeyHash")
  RETURNING k.xmax = 0 AS created`;
