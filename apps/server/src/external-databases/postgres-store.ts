import {
  type ConnectionDisplay,
  displayOf,
  type ExternalDatabaseConfig,
  type PostgresConnection,
} from '@hexclave/config';
import type { Database, Queryable } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import type { ConnectionCipher, EncryptedConnection } from './connection-cipher.ts';
import type { ExternalDatabaseKey, ExternalDatabaseStore, Saved } from './store.ts';

/** Keeps external databases in the table "ExternalDatabase", their connections encrypted. */
export function createExternalDatabaseStore(cipher: ConnectionCipher): ExternalDatabaseStore {
  return {
    list,
    removeOthers,
    readConnection: (queryable, key) => readConnection(queryable, cipher, key),
    save: (queryable, key, config) => save(queryable, cipher, key, config),
  };
}

/** What became of the connections that were under another secret than the current one. */
export type Reencryption = {
  renewed: number;
  /** Left as they are: none of the secrets opens them. */
  unreadable: number;
};

/**
 * Encrypts anew, under the current secret, whatever a previous one encrypted. One row at a time, and each only if nobody
 * has changed it meanwhile: several servers may do this at once, while owners save connections.
 */
export async function reencryptConnections(database: Database, cipher: ConnectionCipher): Promise<Reencryption> {
  const stale = await database.query<ExternalDatabaseKey & EncryptedConnection>(
    `SELECT "tenancyId", "id", "connectionCiphertext" AS "ciphertext", "connectionKeyId" AS "keyId"
     FROM "ExternalDatabase" WHERE "connectionKeyId" <> $1 ORDER BY "tenancyId", "id"`,
    [cipher.currentKeyId],
  );
  const result = { renewed: 0, unreadable: 0 };
  for (const row of stale) {
    const connection = tryDecrypt(cipher, row);
    if (connection === undefined) result.unreadable += 1;
    else result.renewed += await replaceCiphertext(database, row, cipher.encrypt(row, connection));
  }
  return result;
}

function tryDecrypt(
  cipher: ConnectionCipher,
  row: ExternalDatabaseKey & EncryptedConnection,
): PostgresConnection | undefined {
  try {
    return cipher.decrypt(row, row);
  } catch (error) {
    if (error instanceof HexclaveError) return undefined;
    throw error;
  }
}

/** The same connection in another ciphertext: no new generation, so that open sessions stay. Returns 0 or 1. */
async function replaceCiphertext(
  database: Database,
  old: ExternalDatabaseKey & EncryptedConnection,
  { ciphertext, keyId }: EncryptedConnection,
): Promise<number> {
  const replaced = await database.query(
    `UPDATE "ExternalDatabase" SET "connectionCiphertext" = $3, "connectionKeyId" = $4, "updatedAt" = now()
     WHERE "tenancyId" = $1 AND "id" = $2 AND "connectionCiphertext" = $5 RETURNING 1`,
    [old.tenancyId, old.id, ciphertext, keyId, old.ciphertext],
  );
  return replaced.length;
}

async function list(queryable: Queryable, tenancyId: string) {
  return await queryable.query<{ id: string; connection: ConnectionDisplay; schema: string }>(
    `SELECT "id", "connectionDisplay" AS "connection", "schemaName" AS "schema"
     FROM "ExternalDatabase" WHERE "tenancyId" = $1 ORDER BY "id"`,
    [tenancyId],
  );
}

async function removeOthers(queryable: Queryable, tenancyId: string, keep: string[]): Promise<void> {
  await queryable.query(`DELETE FROM "ExternalDatabase" WHERE "tenancyId" = $1 AND "id" <> ALL ($2)`, [
    tenancyId,
    keep,
  ]);
}

async function readConnection(
  queryable: Queryable,
  cipher: ConnectionCipher,
  key: ExternalDatabaseKey,
): Promise<PostgresConnection | undefined> {
  const [row] = await queryable.query<EncryptedConnection>(
    `SELECT "connectionCiphertext" AS "ciphertext", "connectionKeyId" AS "keyId"
     FROM "ExternalDatabase" WHERE "tenancyId" = $1 AND "id" = $2`,
    [key.tenancyId, key.id],
  );
  return row && cipher.decrypt(key, row);
}

async function save(
  queryable: Queryable,
  cipher: ConnectionCipher,
  key: ExternalDatabaseKey,
  config: ExternalDatabaseConfig,
): Promise<Saved> {
  const settingsChanged = await updateSettings(queryable, key, config);
  const isNewConnection =
    config.connection !== undefined && (await saveConnection(queryable, cipher, key, config, config.connection));
  if (settingsChanged || isNewConnection) await forgetBackoff(queryable, key);
  return { isNewConnection };
}

/** Returns whether anything but the connection of an existing database was different. */
async function updateSettings(
  queryable: Queryable,
  key: ExternalDatabaseKey,
  config: ExternalDatabaseConfig,
): Promise<boolean> {
  const changed = await queryable.query(
    `WITH wanted AS (SELECT $7 OR "is_paused_beside_config"($1, $2) AS paused)
     UPDATE "ExternalDatabase" d
     SET "type" = $3, "schemaName" = $4, "deleteMode" = $5, "tables" = $6::jsonb, "paused" = w.paused,
         "generation" = "generation" + 1, "updatedAt" = now()
     FROM wanted w
     WHERE d."tenancyId" = $1 AND d."id" = $2
       AND (d."type", d."schemaName", d."deleteMode", d."tables", d."paused") IS DISTINCT FROM ($3, $4, $5, $6::jsonb, w.paused)
     RETURNING d."id"`,
    settingsOf(key, config),
  );
  return changed.length > 0;
}

/**
 * Returns whether the connection is a new one. Ciphertexts always differ, so it is compared in the clear. Generations
 * begin at the time of day in µs: one that is removed and set anew must not look like the one that sessions are open for.
 */
async function saveConnection(
  queryable: Queryable,
  cipher: ConnectionCipher,
  key: ExternalDatabaseKey,
  config: ExternalDatabaseConfig,
  connection: PostgresConnection,
): Promise<boolean> {
  if (await isStored(queryable, cipher, key, connection)) return false;
  const { ciphertext, keyId } = cipher.encrypt(key, connection);
  await queryable.query(
    `INSERT INTO "ExternalDatabase" (
       "tenancyId", "id", "type", "schemaName", "deleteMode", "tables", "paused",
       "connectionCiphertext", "connectionKeyId", "connectionDisplay", "generation"
     ) VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10::jsonb, extract(epoch FROM clock_timestamp()) * 1000000)
     ON CONFLICT ("tenancyId", "id") DO UPDATE
     SET "connectionCiphertext" = excluded."connectionCiphertext", "connectionKeyId" = excluded."connectionKeyId",
         "connectionDisplay" = excluded."connectionDisplay",
         "generation" = "ExternalDatabase"."generation" + 1, "updatedAt" = now()`,
    [...settingsOf(key, config), ciphertext, keyId, JSON.stringify(displayOf(connection))],
  );
  return true;
}

/** One that cannot be decrypted counts as different: setting it anew is the way out. */
async function isStored(
  queryable: Queryable,
  cipher: ConnectionCipher,
  key: ExternalDatabaseKey,
  connection: PostgresConnection,
): Promise<boolean> {
  try {
    const stored = await readConnection(queryable, cipher, key);
    return stored !== undefined && JSON.stringify(stored) === JSON.stringify(connection);
  } catch (error) {
    if (error instanceof HexclaveError) return false;
    throw error;
  }
}

/** Whoever has just corrected the configuration is not made to wait for the next attempt. */
async function forgetBackoff(queryable: Queryable, key: ExternalDatabaseKey): Promise<void> {
  await queryable.query(
    `UPDATE "ExternalDatabaseState" SET "attempts" = 0, "nextAttemptAt" = NULL
     WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2`,
    [key.tenancyId, key.id],
  );
}

function settingsOf(key: ExternalDatabaseKey, config: ExternalDatabaseConfig): unknown[] {
  const tables = JSON.stringify(config.tables);
  return [key.tenancyId, key.id, config.type, config.schema, config.deleteMode, tables, config.paused];
}
