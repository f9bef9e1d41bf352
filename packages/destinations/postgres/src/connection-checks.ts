import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { DestinationError, type RoleNames, type SchemaState, type TargetTable, type TestedPlace } from '@hexclave/sync';
import type pg from 'pg';
import { markOf } from './ddl.ts';
import { BEGIN, METADATA_TABLE, namesIn, PARKED_TABLE } from './names.ts';
import { ownedByAnother } from './own-tables.ts';
import { renameSql } from './remedies.ts';
import { grantOnSchema } from './role-sql.ts';
import { IS_INTERNAL_DATABASE, IS_TOO_OLD } from './survey.ts';
import { runStatements } from './transaction.ts';

/** Two sessions of one role are open while rows come in bulk. */
const LEAST_CONNECTIONS = 2;
const ROUND_TRIPS = 5;
const NEEDED_ON_TABLES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

/** One row, in a transaction that can change nothing and is rolled back. */
async function readOne<Row>(client: pg.Client, select: string): Promise<Row> {
  const results = await runStatements(client, [BEGIN, 'SET TRANSACTION READ ONLY', select, 'ROLLBACK']);
  const row = results.at(-2)?.rows[0] as Row | undefined;
  if (row === undefined) throw new DestinationError('TARGET_ERROR', { detail: 'the server answers with nothing' });
  return row;
}

const namespace = (schema: string) =>
  `pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) ${quoteLiteral(schema)}::name`;

type Privileges = {
  readonly temporary: boolean;
  readonly createSchemas: boolean;
  readonly useSchema: boolean | null;
  readonly createTables: boolean | null;
  readonly standby: boolean;
  readonly readOnly: boolean;
  readonly connections: number;
  /** Tables of ours that the role may not write to. */
  readonly refused: readonly string[];
  /** Tables of ours that somebody else owns: they can be written to, but not altered. */
  readonly notOwned: readonly string[];
};

/** Asks the catalogue what the role may do, instead of trying it. */
export async function checkPrivileges(
  client: pg.Client,
  names: RoleNames,
  tables: readonly TargetTable[],
): Promise<string> {
  const found = await readPrivileges(client, names, tables);
  if (found.standby || found.readOnly) throw new DestinationError('TARGET_READ_ONLY');
  const grants = missingGrants(found, names);
  if (grants.length > 0) throw new DestinationError('TARGET_PERMISSION_DENIED', { remedy: grants.join('\n') });
  if (found.connections >= 0 && found.connections < LEAST_CONNECTIONS) {
    const remedy = `ALTER ROLE ${id(names.role)} CONNECTION LIMIT ${LEAST_CONNECTIONS};`;
    throw new DestinationError('TARGET_TOO_MANY_CONNECTIONS', { remedy });
  }
  return 'The role may do everything that is needed.';
}

/** The SQL that gives the role what a sync was refused for. */
export async function findMissingRights(
  client: pg.Client,
  names: RoleNames,
  tables: readonly TargetTable[],
): Promise<string[]> {
  const found = await readPrivileges(client, names, tables);
  const grants = missingGrants(found, names);
  const owned = found.notOwned.map((table) => `ALTER TABLE ${id(names.schema, table)} OWNER TO ${id(names.role)};`);
  return [...grants, ...owned];
}

async function readPrivileges(
  client: pg.Client,
  names: RoleNames,
  tables: readonly TargetTable[],
): Promise<Privileges> {
  const onSchema = (privilege: string) =>
    `(SELECT pg_catalog.has_schema_privilege(n.oid, '${privilege}') FROM ${namespace(names.schema)})`;
  const onTable = NEEDED_ON_TABLES.map((privilege) => `pg_catalog.has_table_privilege(c.oid, '${privilege}')`);
  const marks = ['NULL', ...tables.map((table) => quoteLiteral(markOf(table)))];
  const ours = `FROM pg_catalog.pg_class c WHERE c.relnamespace = (SELECT n.oid FROM ${namespace(names.schema)})
         AND (c.relname IN ('${METADATA_TABLE}', '${PARKED_TABLE}') OR pg_catalog.obj_description(c.oid, 'pg_class') IN (${marks.join(', ')}))`;
  const onDatabase = (privilege: string) =>
    `pg_catalog.has_database_privilege(pg_catalog.current_database(), '${privilege}')`;
  return readOne<Privileges>(
    client,
    `SELECT ${onDatabase('TEMPORARY')} AS temporary, ${onDatabase('CREATE')} AS "createSchemas",
       ${onSchema('USAGE')} AS "useSchema", ${onSchema('CREATE')} AS "createTables", pg_catalog.pg_is_in_recovery() AS standby,
       (SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'default_transaction_read_only') = 'on' AS "readOnly",
       (SELECT r.rolconnlimit FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) AS connections,
       ARRAY(SELECT c.relname::text ${ours} AND NOT (${onTable.join(' AND ')}) ORDER BY 1) AS refused,
       ARRAY(SELECT c.relname::text ${ours} AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') ORDER BY 1) AS "notOwned"`,
  );
}

/** The SQL that gives what is missing. */
function missingGrants(found: Privileges, { role, database, schema }: RoleNames): string[] {
  const isSchemaThere = found.useSchema !== null;
  const grants: string[] = [];
  if (!found.temporary) grants.push(`GRANT TEMPORARY ON DATABASE ${id(database)} TO ${id(role)};`);
  if (!isSchemaThere && !found.createSchemas) grants.push(`CREATE SCHEMA ${id(schema)};`);
  const mayWork = isSchemaThere ? found.useSchema === true && found.createTables === true : found.createSchemas;
  if (!mayWork) grants.push(grantOnSchema(schema, role));
  for (const table of found.refused) {
    grants.push(`GRANT ${NEEDED_ON_TABLES.join(', ')} ON ${id(schema, table)} TO ${id(role)};`);
  }
  return grants;
}

export async function checkVersion(client: pg.Client, onVersion: (version: string) => void): Promise<string> {
  const { version, tooOld } = await readOne<{ version: string; tooOld: boolean }>(
    client,
    `SELECT pg_catalog.current_setting('server_version') AS version, ${IS_TOO_OLD} AS "tooOld"`,
  );
  // Of a stranger's server: nothing else than a version is let through.
  const shown = /^\d+(\.\d+)*\w*/.exec(version)?.[0].slice(0, 20) ?? 'unknown';
  onVersion(shown);
  if (tooOld) throw new DestinationError('TARGET_UNSUPPORTED_VERSION', { detail: shown });
  return `PostgreSQL ${shown}.`;
}

type Content = {
  readonly isInternal: boolean;
  readonly exists: boolean;
  readonly hasMetadata: boolean;
  readonly relations: number;
  /** Tables in the place of ours that are not ours. */
  readonly strangers: readonly string[];
};

export async function checkSchema(
  client: pg.Client,
  { schema, owner, tables }: TestedPlace,
  onState: (state: SchemaState) => void,
): Promise<string> {
  const names = namesIn(schema);
  const named = tables.map((table) => `(${quoteLiteral(table.name)}::name, ${quoteLiteral(markOf(table))})`);
  const ours = ['(NULL::name, NULL::text)', ...named];
  const relations = `FROM pg_catalog.pg_class c WHERE c.relnamespace = (SELECT n.oid FROM ${namespace(schema)})
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`;
  const found = await readOne<Content>(
    client,
    `SELECT ${IS_INTERNAL_DATABASE} AS "isInternal", EXISTS (SELECT 1 FROM ${namespace(schema)}) AS exists,
       pg_catalog.to_regclass(${quoteLiteral(names.metadata)}) IS NOT NULL AS "hasMetadata", (SELECT pg_catalog.count(*)::int ${relations}) AS relations,
       ARRAY(SELECT c.relname::text ${relations} AND EXISTS (SELECT 1 FROM (VALUES ${ours.join(', ')}) o (name, mark)
         WHERE o.name = c.relname AND pg_catalog.obj_description(c.oid, 'pg_class') IS DISTINCT FROM o.mark) ORDER BY 1) AS strangers`,
  );
  if (found.isInternal) throw new DestinationError('TARGET_IS_INTERNAL_DATABASE');
  if (found.hasMetadata) await assertOwner(client, ownedByAnother(names, owner), onState);
  const state = found.hasMetadata ? 'ours' : stateOf(found);
  onState(state);
  if (found.strangers.length > 0) {
    throw new DestinationError('TARGET_TABLE_EXISTS', {
      detail: `table ${found.strangers.join(', ')}`,
      remedy: `Run: ${found.strangers.map((table) => renameSql(schema, table)).join(' ')} or choose other names, by targetName of the tables.`,
    });
  }
  return SCHEMA_MESSAGES[state];
}

const SCHEMA_MESSAGES: Readonly<Record<Exclude<SchemaState, 'another_project'>, string>> = {
  missing: 'There is no such schema yet. It is created at the first sync.',
  empty: 'The schema is there, and empty.',
  ours: 'The schema holds this project’s copy, which goes on from where it is.',
  foreign: 'The schema has other tables in it, which are left alone.',
};

function stateOf({ exists, relations }: Content): 'missing' | 'empty' | 'foreign' {
  if (!exists) return 'missing';
  return relations === 0 ? 'empty' : 'foreign';
}

/** By a statement of its own: it would not even be planned where our table is not there. */
async function assertOwner(
  client: pg.Client,
  isOwnedByAnother: string,
  onState: (state: SchemaState) => void,
): Promise<void> {
  const { foreign } = await readOne<{ foreign: boolean }>(client, `SELECT ${isOwnedByAnother} AS foreign`);
  if (!foreign) return;
  onState('another_project');
  throw new DestinationError('TARGET_OWNED_BY_ANOTHER_PROJECT');
}

/** The fastest of some: what the network takes, without what disturbs it. */
export async function measureRoundTrip(client: pg.Client, onMs: (ms: number) => void): Promise<string> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < ROUND_TRIPS; tried++) {
    const begun = performance.now();
    await runStatements(client, ['SELECT 1']);
    fastest = Math.min(fastest, performance.now() - begun);
  }
  onMs(fastest);
  return `A round trip takes ${fastest.toFixed(1)} ms.`;
}
