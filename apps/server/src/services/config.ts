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
import type { ExternalDatabaseStore } from '../external-databases/store.ts';
import { parseStrictJson, StrictJsonError } from '../json/strict-json.ts';
import type { Doer } from './audit.ts';
import { recordConfigChange, type ShownDatabases } from './config-audit.ts';
import { databasesOf, lockDocument, readDocument, withoutConnectionStrings, writeDocument } from './config-document.ts';
import type { Target } from './target-project.ts';

export type ConfigServices = {
  database: Database;
  externalDatabases: ExternalDatabaseStore;
  /** Names and columns of the mappings, which the configuration may refer to. */
  mappings: MappingCatalogue;
};

type Databases = Record<string, ExternalDatabaseConfig>;

const DATABASES_PATH = 'dbSync.externalDatabases';

/** The configuration in force as JSON, with the defaults, and with what may be shown of the connections. */
export async function readConfig(services: ConfigServices, owner: Target): Promise<{ config_string: string }> {
  const document = await readDocument(services.database, owner);
  const externalDatabases = await shownDatabases(services, services.database, owner, document);
  return { config_string: JSON.stringify({ dbSync: { externalDatabases } }) };
}

async function shownDatabases(
  { externalDatabases, mappings }: ConfigServices,
  queryable: Queryable,
  owner: Target,
  document: ConfigDocument,
): Promise<ShownDatabases> {
  const result = parseProjectConfig(document, mappings);
  const shown = await externalDatabases.list(queryable, owner.tenancyId);
  const connections = new Map(shown.map(({ id, connection }) => [id, connection]));
  const configured = result.ok ? result.config.dbSync.externalDatabases : databasesOf(document);
  return Object.fromEntries(
    Object.entries(configured).map(([id, database]) => [
      id,
      { ...(database as object), connection: connections.get(id) },
    ]),
  );
}

/** What has been set, as JSON. Sent back whole it changes nothing, because connections that are left out are kept. */
export async function readConfigOverride(services: ConfigServices, owner: Target): Promise<{ config_string: string }> {
  return { config_string: JSON.stringify(await readDocument(services.database, owner)) };
}

/** Applies dotted paths to what has been set. All of it is valid and takes effect, or nothing does. */
export async function patchConfigOverride(
  services: ConfigServices,
  owner: Target,
  by: Doer,
  override: string,
): Promise<void> {
  const patch = parsePatch(override);
  await services.database.transaction((tx) => changeConfig(services, tx, owner, by, patch));
}

/** The same in a transaction, with the reason that somebody gave. */
export async function changeConfig(
  services: ConfigServices,
  tx: Queryable,
  owner: Target,
  by: Doer,
  patch: ConfigDocument,
  reason: string | null = null,
): Promise<void> {
  const document = await lockDocument(tx, owner);
  const before = await shownDatabases(services, tx, owner, document);
  const applied = applyOverride(document, patch);
  if (!applied.ok) throw invalid(applied.issues);
  const parsed = parseProjectConfig(applied.document, services.mappings);
  if (!parsed.ok) throw invalid(parsed.issues);
  const databases = parsed.config.dbSync.externalDatabases;
  await assertConnections(tx, services.externalDatabases, owner, databases);
  const kept = withoutConnectionStrings(applied.document);
  await writeDocument(tx, owner, kept);
  const reconnected = await saveDatabases(tx, services.externalDatabases, owner, databases);
  const after = await shownDatabases(services, tx, owner, kept);
  await recordConfigChange(tx, owner, by, { before, after, reconnected, reason });
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

/**
 * Databases that were removed go first, so that their place is free for one of another name. Returns the ids of those whose
 * connection is a new one.
 */
async function saveDatabases(
  tx: Queryable,
  store: ExternalDatabaseStore,
  owner: Target,
  databases: Databases,
): Promise<ReadonlySet<string>> {
  const reconnected = new Set<string>();
  await store.removeOthers(tx, owner.tenancyId, Object.keys(databases));
  for (const [id, database] of Object.entries(databases)) {
    const { isNewConnection } = await store.save(tx, { tenancyId: owner.tenancyId, id }, database);
    if (isNewConnection) reconnected.add(id);
  }
  await tx.query('SELECT "enqueue_tenant_sync"($1::uuid)', [owner.tenancyId]);
  return reconnected;
}

/** Each database has a connection, and no two of them write into one schema. */
async function assertConnections(
  tx: Queryable,
  store: ExternalDatabaseStore,
  owner: Target,
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
