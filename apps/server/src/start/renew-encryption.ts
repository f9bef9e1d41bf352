import type { Database } from '@hexclave/db';
import type { Logger } from 'pino';
import type { ConnectionCipher } from '../external-databases/connection-cipher.ts';
import { reencryptConnections } from '../external-databases/postgres-store.ts';

/**
 * Brings all stored connections under the present server secret. Those that cannot be read are no reason not to start:
 * their owners are told by the state of their external databases, the operator by the log.
 */
export async function renewEncryption(database: Database, cipher: ConnectionCipher, logger: Logger): Promise<void> {
  const { renewed, unreadable } = await reencryptConnections(database, cipher);
  if (renewed > 0) logger.info({ renewed }, 'connection strings were encrypted anew under the present server secret');
  if (unreadable > 0) {
    logger.warn(
      { unreadable },
      'connection strings were encrypted under a secret that is not given: name it in HEXCLAVE_PREVIOUS_SERVER_SECRETS',
    );
  }
}
