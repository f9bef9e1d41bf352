import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { DESTINATION_ERRORS, type DestinationError, type DestinationErrorCode, type TargetTable } from '@hexclave/sync';
import { METADATA_TABLE, namesIn, PARKED_TABLE } from './names.ts';
import { grantOnSchema } from './role-sql.ts';

/** Where something failed, as its owner has configured it: nothing of it is secret. */
export type Place = {
  readonly externalDatabaseId: string;
  readonly role: string;
  readonly database: string;
  readonly schema: string;
};

/** The table that was worked on, if it was one. */
type Subject = Place & { readonly target: TargetTable | undefined };

/** Two for each server process, so for five of them. */
const CONNECTION_LIMIT = 10;
/** PostgreSQL cuts longer names. */
const LONGEST_NAME = 63;

const setting = ({ externalDatabaseId }: Place, name: string) =>
  `dbSync.externalDatabases.${externalDatabaseId}.${name}`;
const tableOf = ({ schema, target }: Subject) => (target === undefined ? '' : namesIn(schema).table(target));

/** What puts each error right, for this role, database and schema. What is left out is general enough. */
const REMEDIES: Partial<Record<DestinationErrorCode, (subject: Subject, error: DestinationError) => string>> = {
  TARGET_SIGN_IN_FAILED: ({ role }, { sqlState }) =>
    sqlState === NOT_ADMITTED
      ? `If the role is there, run: ALTER ROLE ${id(role)} LOGIN; If it is not, hexclave db-sync role-sql shows how to create it. If it may log in, let this server in by pg_hba.conf.`
      : `Save the connection string again with the present user and password. In psql, \\password ${id(role)} sets a new one.`,
  TARGET_DATABASE_MISSING: ({ database, role }) =>
    `Run: CREATE DATABASE ${id(database)} OWNER ${id(role)}; or correct its name in the connection string.`,
  TARGET_TOO_MANY_CONNECTIONS: ({ role, database }, { detail }) => {
    const needed = 'each server of Hexclave needs two';
    if (detail === 'limit of the role')
      return `Run: ALTER ROLE ${id(role)} CONNECTION LIMIT ${CONNECTION_LIMIT}; ${needed}.`;
    if (detail === 'limit of the database')
      return `Run: ALTER DATABASE ${id(database)} CONNECTION LIMIT -1; ${needed}.`;
    return `Close connections that nobody needs, or raise max_connections of the server, which is full; ${needed}.`;
  },
  TARGET_DISK_FULL: ({ database }) =>
    `Free or add disk space on the database server. How much this database takes: SELECT pg_size_pretty(pg_database_size(${quoteLiteral(database)}));`,
  TARGET_READ_ONLY: ({ role, database }) =>
    `Connect to the primary, not to a standby; SELECT pg_is_in_recovery() says which it is. If it is the primary, run: ALTER ROLE ${id(role)} IN DATABASE ${id(database)} SET default_transaction_read_only = off;`,
  TARGET_OWNED_BY_ANOTHER_PROJECT: (subject) =>
    `Choose a different schema, by ${setting(subject, 'schema')}. To take this one over, once nobody needs what is in it, run: DROP SCHEMA ${id(subject.schema)} CASCADE; ${schemaFor(subject)}`,
  TARGET_PERMISSION_DENIED: (subject) =>
    `Run as a superuser: GRANT CONNECT, TEMPORARY ON DATABASE ${id(subject.database)} TO ${id(subject.role)}; ${schemaFor(subject)}`,
  TARGET_TABLE_EXISTS: (subject) => {
    const rename = renameSql(subject.schema, subject.target?.name ?? '');
    return `Run: ${rename} or choose another name, by ${setting(subject, `tables.${subject.target?.mapping}.targetName`)}.`;
  },
  TARGET_TRIGGER_FAILED: (subject, { sqlState, detail }) => {
    const failed = detail?.match(/function (.+)$/)?.[1];
    if (sqlState === NOT_ALLOWED && failed !== undefined) {
      return `So that the function runs with the rights of its owner, run: ALTER FUNCTION ${failed} SECURITY DEFINER;`;
    }
    return `Correct the function, or switch the triggers of the table off: ALTER TABLE ${tableOf(subject)} DISABLE TRIGGER USER;`;
  },
  TARGET_LOCKED: (subject) =>
    `Hexclave never waits long enough to block your own queries. Who holds a lock: SELECT a.pid, a.usename, a.xact_start, a.query ${lockHolders(subject)}; To end them, run: SELECT pg_terminate_backend(a.pid) ${lockHolders(subject)};`,
  TARGET_TIMEOUT: (subject) =>
    `Nothing at first: smaller batches are tried. If it stays, look for slow triggers: SELECT tgname FROM pg_trigger WHERE tgrelid = ${quoteLiteral(tableOf(subject))}::regclass AND NOT tgisinternal;`,
};

/** SQLSTATE of a sign-in that the server does not even ask a password for, and of a missing right. */
const NOT_ADMITTED = '28000';
const NOT_ALLOWED = '42501';

/** Moves a table that is in our place out of the way. */
export function renameSql(schema: string, table: string): string {
  const suffix = '_of_before';
  return `ALTER TABLE ${id(schema, table)} RENAME TO ${id(`${table.slice(0, LONGEST_NAME - suffix.length)}${suffix}`)};`;
}

function schemaFor({ schema, role }: Place): string {
  return `CREATE SCHEMA IF NOT EXISTS ${id(schema)}; ${grantOnSchema(schema, role)}`;
}

/** Sessions of others that keep rows or the whole of a table from being written. Ours are known by their name. */
function lockHolders(subject: Subject): string {
  return `FROM pg_stat_activity a WHERE a.application_name <> 'hexclave' AND a.datname = current_database() AND a.pid IN (SELECT l.pid FROM pg_locks l WHERE l.granted AND l.mode <> 'AccessShareLock' AND l.relation IN (SELECT c.oid FROM pg_class c WHERE c.relnamespace = ${quoteLiteral(id(subject.schema))}::regnamespace AND c.relname IN (${[subject.target?.name ?? '', METADATA_TABLE, PARKED_TABLE].map(quoteLiteral).join(', ')})))`;
}

/** These say something of one table only: without it the general remedy stays. */
const OF_A_TABLE: readonly DestinationErrorCode[] = [
  'TARGET_TABLE_EXISTS',
  'TARGET_TRIGGER_FAILED',
  'TARGET_LOCKED',
  'TARGET_TIMEOUT',
];

/** The error with the exact SQL or setting that puts it right, unless it has one already. */
export function withRemedy(error: DestinationError, place: Place, target?: TargetTable): DestinationError {
  const remedy = REMEDIES[error.code];
  const hasOwn = error.remedy !== DESTINATION_ERRORS[error.code].remedy;
  if (remedy === undefined || hasOwn || (target === undefined && OF_A_TABLE.includes(error.code))) return error;
  return error.withRemedy(remedy({ ...place, target }, error));
}
