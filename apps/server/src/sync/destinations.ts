import { postgresDestination } from '@hexclave/destination-postgres';
import { HexclaveError } from '@hexclave/errors';
import {
  type Connect,
  type DestinationConnection,
  DestinationError,
  type ExternalDatabase,
  type TargetOwner,
} from '@hexclave/sync';
import type { ConnectionCipher } from '../external-databases/connection-cipher.ts';

/** A round trip of two seconds, as over a satellite or a drowning line, times the six of a sign-in with TLS. */
const CONNECT_TIMEOUT_MS = 20_000;

type Opener = (database: ExternalDatabase, owner: TargetOwner) => Promise<DestinationConnection>;

/** Connects to external databases of every type that this server knows. Errors are {@link DestinationError}s. */
export function connector(cipher: ConnectionCipher, allowPrivateHosts: boolean): Connect {
  const postgres = postgresDestination({ allowPrivateHosts, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  const openers: Readonly<Record<string, Opener>> = {
    [postgres.type]: (database, owner) => postgres.connect(decrypt(cipher, database), database.schemaName, owner),
  };
  return async (database, owner) => {
    const open = Object.hasOwn(openers, database.type) ? openers[database.type] : undefined;
    if (open === undefined) throw new DestinationError('TARGET_TYPE_UNKNOWN');
    return open(database, owner);
  };
}

/** One that cannot be read is that database's failure, not its tenancy's. */
function decrypt(cipher: ConnectionCipher, database: ExternalDatabase) {
  const encrypted = { ciphertext: database.connectionCiphertext, keyId: database.connectionKeyId };
  try {
    return cipher.decrypt({ tenancyId: database.tenancyId, id: database.id }, encrypted);
  } catch (error) {
    if (error instanceof HexclaveError) throw new DestinationError('TARGET_CONNECTION_UNREADABLE');
    throw error;
  }
}
