import { type ConfigDocument, isObject } from '@hexclave/config';
import type { Database, Queryable } from '@hexclave/db';
import { sql } from 'kysely';
import { build, read, run } from './statements.ts';
import type { Target } from './target-project.ts';

/** What an owner has set: one JSON document a tenancy, without connection strings. */
export async function readDocument(database: Database, owner: Target): Promise<ConfigDocument> {
  const statement = build
    .selectFrom('EnvironmentConfigOverride')
    .select('config')
    .where('projectId', '=', owner.projectId)
    .where('branchId', '=', owner.branchId);
  const [row] = await read(database, statement);
  return isObject(row?.config) ? row.config : {};
}

/**
 * Locks what has been set until the transaction ends, and with it all that may be done with the external databases of the
 * tenancy. Creates the row if need be, because one that is not there cannot be locked.
 */
export async function lockDocument(tx: Queryable, owner: Target): Promise<ConfigDocument> {
  const statement = build
    .insertInto('EnvironmentConfigOverride')
    .values({ projectId: owner.projectId, branchId: owner.branchId, config: sql`'{}'` })
    .onConflict((conflict) => conflict.columns(['projectId', 'branchId']).doUpdateSet({ updatedAt: sql`now()` }))
    .returning('config');
  const [row] = await run(tx, statement);
  return isObject(row?.config) ? row.config : {};
}

export async function writeDocument(tx: Queryable, owner: Target, document: ConfigDocument): Promise<void> {
  const statement = build
    .updateTable('EnvironmentConfigOverride')
    .set({ config: sql`${JSON.stringify(document)}::jsonb`, updatedAt: sql`now()` })
    .where('projectId', '=', owner.projectId)
    .where('branchId', '=', owner.branchId);
  await run(tx, statement);
}

export function withoutConnectionStrings(document: ConfigDocument): ConfigDocument {
  const externalDatabases = Object.fromEntries(
    Object.entries(databasesOf(document)).map(([id, database]) => {
      const { connectionString: _secret, ...rest } = database as ConfigDocument;
      return [id, rest];
    }),
  );
  return { ...document, dbSync: { ...(isObject(document.dbSync) ? document.dbSync : {}), externalDatabases } };
}

export function databasesOf(document: ConfigDocument): ConfigDocument {
  const dbSync = isObject(document.dbSync) ? document.dbSync : {};
  return isObject(dbSync.externalDatabases) ? dbSync.externalDatabases : {};
}
