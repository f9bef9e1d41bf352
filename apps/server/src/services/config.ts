import {
  applyOverride,
  type ConfigDocument,
  type ConfigIssue,
  type ConnectionDisplay,
  displayOf,
  type ExternalDatabaseConfig,
  isObject,
  type MappingCatalogue,
  parseProjectConfig,
} from '@hexclave/config';
import { KnownError } from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { sql } from 'kysely';
import type { ExternalDatabaseStore } from '../external-databases/store.ts';
import { parseStrictJson, StrictJsonError } from '../json/strict-json.ts';
import { build, read, run } from './statements.ts';

export type ConfigServices = {
  database: Database;
  externalDatabases: ExternalDatabaseStore;
  /** Names and columns of the mappings, which the configuration may refer to. */
  mappings: MappingCatalogue;
};

type Owner = { projectId: string; branchId: string; tenancyId: string };
type Databases = Record<string, ExternalDatabaseConfig>;

const DATABASES_PATH = 'dbSync.externalDatabases';

/** The configuration in force as JSON, with the defaults, and with what may be shown of the connections. */
export async function readConfig(services: ConfigServices, owner: Owner): Promise<{ config_string: string }> {
  const document = await readDocument(services.database, owner);
  const result = parseProjectConfig(document, services.mappings);
  const shown = await services.externalDatabases.list(services.database, owner.tenancyId);
  const connections = new Map(shown.map(({ id, connection }) => [id, connection]));
  const configured = result.ok ? result.config.dbSync.externalDatabases : databasesOf(document);
  const externalDatabases = Object.fromEntries(
    Object.entries(configured).map(([id, database]) => [
      id,
      { ...(database as object), connection: connections.get(id) },
    ]),
  );
  return { config_string: JSON.stringify({ dbSync: { externalDatabases } }) };
}

/** What has been set, as JSON. Sent back whole it changes nothing, because connections that are left out are kept. */
export async function readConfigOverride(services: ConfigServices, owner: Owner): Promise<{ config_string: string }> {
  return { config_string: JSON.stringify(await readDocument(services.database, owner)) };
}

/** Applies dotted paths to what has been set. All of it is valid and takes effect, or nothing does. */
export async function patchConfigOverride(services: ConfigServices, owner: Owner, override: string): Promise<void> {
  const patch = parsePatch(override);
  await services.database.transaction(async (tx) => {
    const applied = applyOverride(await lockDocument(tx, owner), patch);
    if (!applied.ok) throw invalid(applied.issues);
    const parsed = parseProjectConfig(applied.document, services.mappings);
    if (!parsed.ok) throw invalid(parsed.issues);
    const databases = parsed.config.dbSync.externalDatabases;
    await assertConnections(tx, services.externalDatabases, owner, databases);
    await writeDocument(tx, owner, withoutConnectionStrings(applied.document));
    await saveDatabases(tx, services.externalDatabases, owner, databases);
  });
}

function parsePatch(override: string): ConfigDocument {
  const path = 'config_override_string';
  try {
    const patch = parseStrictJson(override);
    if (isObject(patch)) return patch;
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    throw invalid([{ path, message: error.message }]);
  }
  throw invalid([{ path, message: 'must be a JSON object from dotted paths to values' }]);
}

/** Databases that were removed go first, so that their place is free for one of another name. */
async function saveDatabases(
  tx: Queryable,
  store: ExternalDatabaseStore,
  owner: Owner,
  databases: Databases,
): Promise<void> {
  await store.removeOthers(tx, owner.tenancyId, Object.keys(databases));
  for (const [id, database] of Object.entries(databases)) {
    await store.save(tx, { tenancyId: owner.tenancyId, id }, database);
  }
  await tx.query('SELECT "enqueue_tenant_sync"($1::uuid)', [owner.tenancyId]);
}

/** Each database has a connection, and no two of them write into one schema. */
async function assertConnections(
  tx: Queryable,
  store: ExternalDatabaseStore,
  owner: Owner,
  databases: Databases,
): Promise<void> {
  const stored = new Map((await store.list(tx, owner.tenancyId)).map(({ id, connection }) => [id, connection]));
  const owners = new Map<string, string>();
  const issues = Object.entries(databases).flatMap(([id, database]): ConfigIssue[] => {
    const connection = database.connection ? displayOf(database.connection) : stored.get(id);
    if (connection === undefined) {
      return [{ path: `${DATABASES_PATH}.${id}.connectionString`, message: 'is needed, because the database is new' }];
    }
    const target = targetOf(connection, database.schema);
    const other = owners.get(target);
    owners.set(target, id);
    if (other === undefined) return [];
    const message = `names the same host, port, database and schema as "${other}": choose another schema`;
    return [{ path: `${DATABASES_PATH}.${id}`, message }];
  });
  if (issues.length > 0) throw invalid(issues);
}

function targetOf({ host, port, database }: ConnectionDisplay, schema: string): string {
  return JSON.stringify([host, port, database, schema]);
}

function invalid(issues: ConfigIssue[]): KnownError {
  return new KnownError('CONFIG_INVALID', { issues });
}

async function readDocument(database: Database, owner: Owner): Promise<ConfigDocument> {
  const statement = build
    .selectFrom('EnvironmentConfigOverride')
    .select('config')
    .where('projectId', '=', owner.projectId)
    .where('branchId', '=', owner.branchId);
  const [row] = await read(database, statement);
  return isObject(row?.config) ? row.config : {};
}

/** Creates the row if need be, because a row that is not there cannot be locked. */
async function lockDocument(tx: Queryable, owner: Owner): Promise<ConfigDocument> {
  const statement = build
    .insertInto('EnvironmentConfigOverride')
    .values({ projectId: owner.projectId, branchId: owner.branchId, config: sql`'{}'` })
    .onConflict((conflict) => conflict.columns(['projectId', 'branchId']).doUpdateSet({ updatedAt: sql`now()` }))
    .returning('config');
  const [row] = await run(tx, statement);
  return isObject(row?.config) ? row.config : {};
}

async function writeDocument(tx: Queryable, owner: Owner, document: ConfigDocument): Promise<void> {
  const statement = build
    .updateTable('EnvironmentConfigOverride')
    .set({ config: sql`${JSON.stringify(document)}::jsonb`, updatedAt: sql`now()` })
    .where('projectId', '=', owner.projectId)
    .where('branchId', '=', owner.branchId);
  await run(tx, statement);
}

function withoutConnectionStrings(document: ConfigDocument): ConfigDocument {
  const externalDatabases = Object.fromEntries(
    Object.entries(databasesOf(document)).map(([id, database]) => {
      const { connectionString: _secret, ...rest } = database as ConfigDocument;
      return [id, rest];
    }),
  );
  return { ...document, dbSync: { ...(isObject(document.dbSync) ? document.dbSync : {}), externalDatabases } };
}

function databasesOf(document: ConfigDocument): ConfigDocument {
  const dbSync = isObject(document.dbSync) ? document.dbSync : {};
  return isObject(dbSync.externalDatabases) ? dbSync.externalDatabases : {};
}
