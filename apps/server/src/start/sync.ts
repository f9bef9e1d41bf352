import { createDatabase, type Database } from '@hexclave/db';
import { postgresDestination } from '@hexclave/destination-postgres';
import { createEngine, hexclaveCatalog, startPipeline } from '@hexclave/sync';
import type { ConnectionCipher } from '../external-databases/connection-cipher.ts';
import { describeFailure } from '../http/errors.ts';
import type { StartContext } from './start-context.ts';

export function startSync(
  context: StartContext,
  { database, cipher }: { database: Database; cipher: ConnectionCipher },
) {
  const { environment, logger, closers } = context;
  const own = createDatabase({
    connectionString: database.connectionString,
    max: 20,
    applicationName: 'hexclave sync',
  });
  closers.add(() => own.end());
  const destination = postgresDestination({
    allowPrivateHosts: environment.allowPrivateHosts,
    connectTimeoutMs: 10_000,
  });
  const engine = createEngine({
    db: own,
    catalog: hexclaveCatalog,
    connect: (external, owner) =>
      destination.connect(
        cipher.decrypt(
          { tenancyId: external.tenancyId, id: external.id },
          { ciphertext: external.connectionCiphertext, keyId: external.connectionKeyId },
        ),
        external.schemaName,
        owner,
      ),
    onFailure: (external, mapping, error) =>
      logger.warn({ externalDatabase: external.id, mapping, failure: describeFailure(error) }, 'sync failed'),
  });
  closers.add(() => engine.close());
  const pipeline = startPipeline({
    db: own,
    catalog: hexclaveCatalog,
    onError: (part, error) => logger.error({ part, failure: describeFailure(error) }, 'pipeline error'),
    deliver: async (request, signal) => {
      const { finished } = await engine.sync({
        tenancyId: request.tenancyId ?? '',
        externalDatabaseId: request.externalDatabaseId,
        maxDurationMs: 20_000,
        signal,
      });
      return { kind: finished ? 'delivered' : 'again' };
    },
  });
  closers.add(() => pipeline.stop());
}
