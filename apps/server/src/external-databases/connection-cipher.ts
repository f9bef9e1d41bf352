import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { PostgresConnection } from '@hexclave/config';
import { HexclaveError } from '@hexclave/errors';
import type { ExternalDatabaseKey } from './store.ts';

/** A connection that only the holder of the server secret can read, and only for the database it was made for. */
export type EncryptedConnection = { ciphertext: Buffer; keyId: string };

export type ConnectionCipher = {
  encrypt(key: ExternalDatabaseKey, connection: PostgresConnection): EncryptedConnection;
  /** Throws EXTERNAL_DATABASE_SECRET_UNREADABLE when the secret is not the one, or the bytes were changed or moved. */
  decrypt(key: ExternalDatabaseKey, encrypted: EncryptedConnection): PostgresConnection;
  /** The id of the key that `encrypt` uses: connections under another one are to be encrypted anew. */
  readonly currentKeyId: string;
};

const FORMAT_VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;

type DerivedKey = { id: string; key: Buffer };

/**
 * AES-256-GCM under keys derived from the server secret. Connections are bound to tenancy and id as additional data,
 * so that a ciphertext copied to another row cannot be read there. `previousSecrets` are only read with.
 */
export function createConnectionCipher(secret: string, previousSecrets: readonly string[] = []): ConnectionCipher {
  const current = deriveKey(secret);
  const keys = new Map([...previousSecrets.map(deriveKey), current].map(({ id, key }) => [id, key]));
  return {
    currentKeyId: current.id,
    encrypt: (key, connection) => ({ ciphertext: seal(current.key, key, connection), keyId: current.id }),
    decrypt: (key, encrypted) => {
      const secretKey = keys.get(encrypted.keyId);
      if (secretKey === undefined) throw unreadable(key, 'It was encrypted under another server secret.');
      return open(secretKey, key, encrypted.ciphertext);
    },
  };
}

function deriveKey(secret: string): DerivedKey {
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, 'hexclave', `external-database-connection/${purpose}/v1`, bytes));
  return { id: derive('key-id', KEY_ID_BYTES).toString('hex'), key: derive('key', KEY_BYTES) };
}

function seal(secretKey: Buffer, key: ExternalDatabaseKey, connection: PostgresConnection): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secretKey, nonce).setAAD(boundTo(key));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(connection), 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([FORMAT_VERSION]), nonce, cipher.getAuthTag(), sealed]);
}

function open(secretKey: Buffer, key: ExternalDatabaseKey, ciphertext: Buffer): PostgresConnection {
  if (ciphertext[0] !== FORMAT_VERSION) throw unreadable(key, 'It is in a format that this version does not know.');
  const nonce = ciphertext.subarray(1, 1 + NONCE_BYTES);
  const tag = ciphertext.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  const sealed = ciphertext.subarray(1 + NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', secretKey, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(key)).setAuthTag(tag);
    return JSON.parse(Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8'));
  } catch {
    throw unreadable(key, 'Its bytes were changed, or belong to another database.');
  }
}

function boundTo(key: ExternalDatabaseKey): Buffer {
  return Buffer.from(JSON.stringify(['hexclave-external-database', key.tenancyId, key.id]));
}

function unreadable(key: ExternalDatabaseKey, why: string): HexclaveError {
  return new HexclaveError({
    code: 'EXTERNAL_DATABASE_SECRET_UNREADABLE',
    message: `The connection of external database "${key.id}" of tenancy ${key.tenancyId} cannot be decrypted. ${why}`,
    remedy: 'Start the server with the secret it had before (also as a previous secret), or set connectionString anew.',
  });
}
