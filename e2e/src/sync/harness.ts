import { randomUUID } from 'node:crypto';
import { createDatabase, createResident, type Database } from '@hexclave/db';
import { type PostgresConnection, postgresDestination } from '@hexclave/destination-postgres';
import {
  type Catalog,
  compileFetch,
  compileTargetTable,
  createEngine,
  type Engine,
  enqueueSync,
  hexclaveCatalog,
  numberAll,
  type Pipeline,
  startPipeline,
  type TableChoice,
} from '@hexclave/sync';
import {
  createEmptyDatabase,
  createTestDatabase,
  fileNeedsMigrations,
  type TestDatabase,
  waitUntil,
} from '@hexclave/testing';

// Every sync compares its copy with the history, down to what a restore takes back, and notes how far a copy is.
fileNeedsMigrations(['0010_what_a_restore_takes_back', '0012_status']);

/** An external database under test, as its owner would configure it. */
export type Target = {
  readonly id: string;
  readonly tenancyId: string;
  readonly database: TestDatabase;
  readonly schema: string;
};

export type TargetOptions = {
  readonly database?: TestDatabase;
  readonly schema?: string;
  readonly deleteMode?: 'hard' | 'soft';
  readonly tables?: Record<string, TableChoice>;
  readonly connection?: Partial<PostgresConnection>;
};

/** The pipeline over a fresh internal database, with connections in plain JSON where the server would encrypt them. */
export async function createHarness(catalog: Catalog = hexclaveCatalog) {
  const internal = await createTestDatabase();
  const { db } = internal;
  const failures: string[] = [];
  const engines: { engine: Engine; db: Database }[] = [];
  const pipelines: Pipeline[] = [];

  const newEngine = (engineCatalog: Catalog = catalog, linkTimeoutMs?: number): Engine => {
    const engineDb = createDatabase({ connectionString: internal.connectionString, max: 8 });
    const destination = postgresDestination({ allowPrivateHosts: true, connectTimeoutMs: 3_000, linkTimeoutMs });
    const engine = createEngine({
      db: engineDb,
      catalog: engineCatalog,
      connect: (database, owner) =>
        destination.connect(JSON.parse(database.connectionCiphertext.toString('utf8')), database.schemaName, owner),
      onFailure: (database, mapping, error) =>
        failures.push(`${database.id}/${mapping ?? '*'}: ${error.code} ${error.sqlState ?? ''}`),
    });
    engines.push({ engine, db: engineDb });
    return engine;
  };

  let ownEngine: Engine | undefined;
  const syncOnce = async (tenancyId: string, engine: Engine) => {
    await numberAll(db, 20_000);
    const failed = await db.query<{ id: string }>(
      `SELECT "externalDatabaseId" AS id FROM "ExternalDatabaseState" WHERE "tenancyId" = $1 AND "attempts" > 0
       AND COALESCE("nextAttemptAt" <= now(), true)`,
      [tenancyId],
    );
    // One that failed gets a request of its own, as from the queue.
    for (const externalDatabaseId of [null, ...failed.map(({ id }) => id)]) {
      while (!(await engine.sync({ tenancyId, externalDatabaseId, maxDurationMs: 20_000 })).finished);
    }
  };

  return {
    /** Numbers what waits and syncs a tenancy, here and now: for tests that decide what happens when. */
    sync: async (tenancyId: string, engine?: Engine) => {
      ownEngine ??= newEngine();
      await syncOnce(tenancyId, engine ?? ownEngine);
    },
    /** The same, as if the back-off of all failures were over. */
    syncAgain: async (tenancyId: string, engine?: Engine) => {
      await db.query('UPDATE "ExternalDatabaseState" SET "nextAttemptAt" = now() WHERE "tenancyId" = $1', [tenancyId]);
      await db.query('UPDATE "ExternalDatabaseMappingState" SET "nextAttemptAt" = now() WHERE "tenancyId" = $1', [
        tenancyId,
      ]);
      ownEngine ??= newEngine();
      await syncOnce(tenancyId, engine ?? ownEngine);
    },
    db,
    internal,
    catalog,
    failures,
    newEngine,
    addTenancy: async () => {
      const id = randomUUID();
      await db.query('INSERT INTO "Project" ("id", "displayName") VALUES ($1::text, $1)', [id]);
      await db.query('INSERT INTO "Tenancy" ("id", "projectId") VALUES ($1::uuid, $1::uuid::text)', [id]);
      return id;
    },
    addTarget: async (tenancyId: string, id = 'main', options: TargetOptions = {}): Promise<Target> => {
      const database = options.database ?? (await createEmptyDatabase());
      const schema = options.schema ?? 'hexclave';
      const connection = { ...connectionOf(database.connectionString), ...options.connection };
      await db.query(
        `INSERT INTO "ExternalDatabase" ("tenancyId", "id", "connectionCiphertext", "connectionKeyId", "connectionDisplay", "schemaName", "deleteMode", "tables")
         VALUES ($1, $2, $3, 'test', '{}', $4, $5, $6)`,
        [
          tenancyId,
          id,
          Buffer.from(JSON.stringify(connection)),
          schema,
          options.deleteMode ?? 'hard',
          options.tables ?? null,
        ],
      );
      await enqueueSync(db, tenancyId);
      return { id, tenancyId, database, schema };
    },
    /** Sequencer, poller and engine in this process. */
    start: () => {
      const engine = newEngine();
      const resident = createResident({ connectionString: internal.connectionString, applicationName: 'listener' });
      const own = createDatabase({ connectionString: internal.connectionString, max: 12, resident });
      engines.push({ engine: { sync: engine.sync, close: async () => undefined }, db: own });
      const pipeline = startPipeline({
        db: own,
        resident,
        catalog,
        onError: (part, error) => failures.push(`${part}: ${String(error)}`),
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
      pipelines.push(pipeline);
      return pipeline;
    },
    /** May be called again. */
    close: async () => {
      await Promise.all(pipelines.splice(0).map((pipeline) => pipeline.stop()));
      for (const { engine, db: engineDb } of engines.splice(0)) {
        await engine.close();
        await engineDb.end();
      }
    },
  };
}

export type Harness = Awaited<ReturnType<typeof createHarness>>;

export function connectionOf(connectionString: string): PostgresConnection {
  const url = new URL(connectionString);
  return {
    host: url.hostname,
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    tls: { mode: 'disable' },
  };
}

/** Changes the stored configuration of an external database, as saving it anew does. */
export async function reconfigure(harness: Harness, target: Target, options: TargetOptions): Promise<Target> {
  const database = options.database ?? target.database;
  const schema = options.schema ?? target.schema;
  const connection = { ...connectionOf(database.connectionString), ...options.connection };
  await harness.db.query(
    `UPDATE "ExternalDatabase" SET "connectionCiphertext" = $3, "schemaName" = $4, "deleteMode" = COALESCE($5, "deleteMode"),
       "tables" = COALESCE($6, "tables"), "generation" = "generation" + 1 WHERE "tenancyId" = $1 AND "id" = $2`,
    [
      target.tenancyId,
      target.id,
      Buffer.from(JSON.stringify(connection)),
      schema,
      options.deleteMode ?? null,
      options.tables ?? null,
    ],
  );
  await enqueueSync(harness.db, target.tenancyId);
  return { ...target, database, schema };
}

export type MappingState = {
  phase: string;
  errorCode: string | null;
  errorMessage: string | null;
  errorSqlState: string | null;
  errorRemedy: string | null;
  parkedRows: number;
  attempts: number;
};

/** What is shown of a target: the error of the whole database, and each mapping's state. */
export async function stateOf(harness: Harness, target: Target) {
  const [database] = await harness.db.query<{
    errorCode: string | null;
    errorSqlState: string | null;
    attempts: number;
    failingSince: Date | null;
  }>(
    'SELECT "errorCode", "errorSqlState", "attempts", "failingSince" FROM "ExternalDatabaseState" WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2',
    [target.tenancyId, target.id],
  );
  const mappings = await harness.db.query<MappingState & { mapping: string }>(
    `SELECT "mapping", "phase", "errorCode", "errorMessage", "errorSqlState", "errorRemedy", "parkedRows"::int AS "parkedRows", "attempts" FROM "ExternalDatabaseMappingState"
     WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2`,
    [target.tenancyId, target.id],
  );
  return {
    database: database ?? null,
    mappings: Object.fromEntries(mappings.map(({ mapping, ...state }) => [mapping, state])) as Record<
      string,
      MappingState | undefined
    >,
  };
}

export type Differences = { mapping: string; missing: number; extra: number };

/** Compares every target table with its mapping's own query, as text, row by row. */
export async function differences(
  harness: Pick<Harness, 'catalog' | 'db'>,
  target: Pick<Target, 'tenancyId' | 'schema'> & { readonly database: Pick<TestDatabase, 'db'> },
  options: Pick<TargetOptions, 'tables' | 'deleteMode'> = {},
): Promise<Differences[]> {
  const found: Differences[] = [];
  for (const mapping of harness.catalog.mappings) {
    const choice = options.tables?.[mapping.name] ?? {};
    if (choice.enabled === false) continue;
    const table = compileTargetTable(mapping, choice, 'hard');
    const columns = table.columns.map((column) => `"${column.name}"::text`).join(', ');
    const source = await harness.db.query<{ row: string }>(
      `SELECT ROW(${columns})::text AS row FROM (${compileFetch(mapping, table).everything}) q`,
      [target.tenancyId],
    );
    const copy = await target.database.db.query<{ row: string }>(
      `SELECT ROW(${columns})::text AS row FROM "${target.schema}"."${table.name}"${options.deleteMode === 'soft' ? ' WHERE deleted_at IS NULL' : ''}`,
    );
    const [expected, actual] = [new Set(source.map(({ row }) => row)), new Set(copy.map(({ row }) => row))];
    const missing = [...expected].filter((row) => !actual.has(row)).length;
    const extra = [...actual].filter((row) => !expected.has(row)).length + (copy.length - actual.size);
    if (missing + extra > 0) found.push({ mapping: mapping.name, missing, extra });
  }
  return found;
}

/** Waits until a target equals its source; says what differs when it does not. */
export async function converged(harness: Harness, target: Target, timeoutMs = 20_000): Promise<void> {
  let last: Differences[] | undefined;
  await waitUntil(
    async () => {
      last = await differences(harness, target);
      return last.length === 0;
    },
    { timeoutMs, intervalMs: 50, describe: `${target.id} to converge` },
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last)}; failures: ${harness.failures.slice(-10).join('; ')}`, {
      cause: error,
    });
  });
}
