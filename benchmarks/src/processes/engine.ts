import { createDatabase, createResident, type Database } from '@hexclave/db';
import { type PostgresConnection, postgresDestination } from '@hexclave/destination-postgres';
import { type Connect, createEngine, createVerifier, type Engine, type Pipeline, startPipeline } from '@hexclave/sync';
import { serve } from '@hexclave/testing/rpc';
import { benchCatalog } from '../workload/mapping.ts';

/**
 * The pipeline as the server runs it, in a process of its own. External databases have their connection in plain JSON
 * where the server's are encrypted.
 */
let running: { pipeline: Pipeline; engine: Engine; databases: Database[] } | null = null;
const failures: string[] = [];

const handlers = {
  start: async (connectionString: string): Promise<void> => {
    const resident = createResident({ connectionString, applicationName: 'hexclave listener' });
    const databases = [
      createDatabase({ connectionString, max: 12, resident }),
      createDatabase({ connectionString, max: 8, resident }),
    ] as const;
    const destination = postgresDestination({ allowPrivateHosts: true, connectTimeoutMs: 10_000 });
    const connect: Connect = (database, owner) => {
      const connection = JSON.parse(database.connectionCiphertext.toString('utf8')) as PostgresConnection;
      return destination.connect(connection, database.schemaName, owner);
    };
    const engine = createEngine({
      db: databases[1],
      catalog: benchCatalog,
      connect,
      onFailure: (database, mapping, error) =>
        failures.push(`${database.id}/${mapping ?? '*'}: ${error.code} ${error.sqlState ?? ''}`),
    });
    const verifier = createVerifier({
      db: databases[1],
      catalog: benchCatalog,
      connect,
      onError: (error) => failures.push(`verifier: ${error instanceof Error ? error.stack : String(error)}`),
    });
    const pipeline = startPipeline({
      db: databases[0],
      resident,
      verifier,
      catalog: benchCatalog,
      onError: (part, error) => failures.push(`${part}: ${error instanceof Error ? error.stack : String(error)}`),
      deliver: async ({ tenancyId, externalDatabaseId }, signal) => {
        const request = { tenancyId: tenancyId ?? '', externalDatabaseId, maxDurationMs: 20_000, signal };
        const { finished } = await engine.sync(request);
        return { kind: finished ? 'delivered' : 'again' };
      },
    });
    running = { pipeline, engine, databases: [...databases] };
  },
  /** Everything that went wrong since the start. */
  failures: async (): Promise<string[]> => failures,
  stop: async (): Promise<void> => {
    if (running === null) return;
    await running.pipeline.stop();
    await running.engine.close();
    await Promise.all(running.databases.map((database) => database.end()));
    running = null;
  },
};

export type EngineHandlers = typeof handlers;

serve(handlers);
