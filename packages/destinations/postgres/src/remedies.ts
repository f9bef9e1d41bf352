import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { DESTINATION_ERRORS, type DestinationError, type DestinationErrorCode, type TargetTable } from '@hexclave/sync';
import { namesIn } from './names.ts';

/** Where something failed, as its owner has configured it: nothing of it is secret. */
export type Place = {
  readonly externalDatabaseId: string;
  readonly role: string;
  readonly database: string;
  readonly schema: string;
};

/** The table that was worked on, if it was one. */
type Subject = Place & { readonly target: TargetTable | undefined };

/** Two for each server process; see docs/guide/connect-your-database.md. */
const CONNECTION_LIMIT = 4;

const setting = ({ externalDatabaseId }: Place, name: string) =>
  `dbSync.externalDatabases.${externalDatabaseId}.${name}`;
const tableOf = ({ schema, target }: Subject) => target && namesIn(schema).table(target);

/** What puts each error right, for this role, database and schema. What is left out is general enough. */
const REMEDIES: Partial<Record<DestinationErrorCode, (subject: Subject) => string>> = {
  TARGET_SIGN_IN_FAILED: ({ role }) =>
    `Save the connection string again with the present user and password. To set a new one, run: ALTER ROLE ${id(role)} LOGIN PASSWORD '…';`,
  TARGET_DATABASE_MISSING: ({ database }) =>
    `Run: CREATE DATABASE ${id(database)}; or correct its name in the connection string.`,
  TARGET_TOO_MANY_CONNECTIONS: ({ role }) =>
    `Run: ALTER ROLE ${id(role)} CONNECTION LIMIT ${CONNECTION_LIMIT}; each server of Hexclave needs two. If it is the server that is full, free connections or raise max_connections.`,
  TARGET_DISK_FULL: ({ database }) =>
    `Free or add disk space on the database server. How much this database takes: SELECT pg_size_pretty(pg_database_size(${quoteLiteral(database)}));`,
  TARGET_READ_ONLY: ({ role, database }) =>
    `Connect to the primary, not to a standby: SELECT pg_is_in_recovery(); says which it is. If it is the primary, run: ALTER ROLE ${id(role)} IN DATABASE ${id(database)} SET default_transaction_read_only = off;`,
  TARGET_OWNED_BY_ANOTHER_PROJECT: (subject) =>
    `Choose a different schema, by ${setting(subject, 'schema')}. To take this one over, once nobody needs what is in it, run: DROP SCHEMA ${id(subject.schema)} CASCADE;`,
  TARGET_PERMISSION_DENIED: (subject) => `Run as the owner of the database: ${grantsFor(subject).join(' ')}`,
  TARGET_TABLE_EXISTS: (subject) => {
    const name = `${subject.target?.name}_of_before`;
    const rename = `ALTER TABLE ${tableOf(subject)} RENAME TO ${id(name)};`;
    return `Run: ${rename} or choose another name, by ${setting(subject, `tables.${subject.target?.mapping}.targetName`)}.`;
  },
  TARGET_LOCKED: (subject) =>
    `Hexclave never waits long enough to block your own queries. Who holds the lock: SELECT a.pid, a.usename, a.xact_start, a.query FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.relation = ${regclass(subject)} AND l.granted; end it with SELECT pg_terminate_backend(pid);`,
  TARGET_TIMEOUT: (subject) =>
    `Nothing at first: smaller batches are tried. If it stays, look for slow triggers: SELECT tgname FROM pg_trigger WHERE tgrelid = ${regclass(subject)} AND NOT tgisinternal;`,
};

function regclass(subject: Subject): string {
  return `${quoteLiteral(tableOf(subject) ?? '')}::regclass`;
}

function grantsFor(subject: Subject): string[] {
  const { role, database, schema } = subject;
  const table = tableOf(subject);
  return [
    `CREATE SCHEMA IF NOT EXISTS ${id(schema)};`,
    `GRANT USAGE, CREATE ON SCHEMA ${id(schema)} TO ${id(role)};`,
    `GRANT TEMPORARY ON DATABASE ${id(database)} TO ${id(role)};`,
    ...(table === undefined ? [] : [`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${id(role)};`]),
  ];
}

/** These say something of one table only: without it the general remedy stays. */
const OF_A_TABLE: readonly DestinationErrorCode[] = ['TARGET_TABLE_EXISTS', 'TARGET_LOCKED', 'TARGET_TIMEOUT'];

/** The error with the exact SQL or setting that puts it right, unless it has one already. */
export function withRemedy(error: DestinationError, place: Place, target?: TargetTable): DestinationError {
  const remedy = REMEDIES[error.code];
  const hasOwn = error.remedy !== DESTINATION_ERRORS[error.code].remedy;
  if (remedy === undefined || hasOwn || (target === undefined && OF_A_TABLE.includes(error.code))) return error;
  return error.withRemedy(remedy({ ...place, target }));
}
