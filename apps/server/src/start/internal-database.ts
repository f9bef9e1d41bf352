import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, type Database, errorCode, quoteIdentifier, quoteLiteral, retryability } from '@hexclave/db';
import type { Cluster } from '@hexclave/embedded-postgres';
import { HexclaveError } from '@hexclave/errors';

const OLDEST_VERSION = 14;
const NEWEST_TESTED_VERSION = 18;
const INTERNAL_DATABASE = 'hexclave';
const RETRY_MS = 1_000;

type Facts = { version: number; standby: boolean; encoding: string };

export type CheckOptions = {
  /** How long to wait for a database that does not answer yet, as when both are started together. */
  patienceMs: number;
  signal: AbortSignal;
  say: (line: string) => void;
};

/** Creates the internal database in an embedded cluster unless it is there. Returns its connection string. */
export async function createInternalDatabase(cluster: Cluster): Promise<string> {
  const admin = createDatabase({ connectionString: cluster.connectionString(), max: 1 });
  try {
    await createDatabaseUnlessThere(admin, INTERNAL_DATABASE);
  } finally {
    await admin.end();
  }
  return cluster.connectionString(INTERNAL_DATABASE);
}

export async function createDatabaseUnlessThere(admin: Database, name: string): Promise<void> {
  const found = await admin.query(`SELECT 1 FROM pg_database WHERE datname = ${quoteLiteral(name)}`);
  if (found.length === 0) await admin.query(`CREATE DATABASE ${quoteIdentifier(name)}`);
}

/**
 * Makes sure that the internal database is one that Hexclave can work with.
 *
 * @throws {HexclaveError} INTERNAL_DATABASE_UNREACHABLE, INTERNAL_DATABASE_UNSUITABLE
 */
export async function checkInternalDatabase(database: Database, options: CheckOptions): Promise<void> {
  const { version, standby, encoding } = await readFacts(database, options);
  const major = Math.floor(version / 10_000);
  if (major < OLDEST_VERSION) {
    throw unsuitable(`It is PostgreSQL ${major}.`, `Use PostgreSQL ${OLDEST_VERSION} to ${NEWEST_TESTED_VERSION}.`);
  }
  if (standby) throw unsuitable('It is a standby, which takes no writes.', 'Name the primary server instead.');
  if (encoding !== 'UTF8') {
    throw unsuitable(`Its encoding is ${encoding}.`, 'Create a database with ENCODING UTF8 and name that one.');
  }
  if (major > NEWEST_TESTED_VERSION)
    options.say(`PostgreSQL ${major} is newer than any that Hexclave was tested with.`);
}

async function readFacts(database: Database, options: CheckOptions): Promise<Facts> {
  const giveUpAt = Date.now() + options.patienceMs;
  for (let attempt = 1; ; attempt++) {
    try {
      const [facts] = await database.query<Facts>(
        `SELECT current_setting('server_version_num')::int AS "version", pg_is_in_recovery() AS "standby",
           current_setting('server_encoding') AS "encoding"`,
      );
      return facts as Facts;
    } catch (error) {
      if (retryability(error) !== 'connection' || Date.now() > giveUpAt) throw unreachable(database, error);
      if (attempt === 1) options.say(`Waiting for the database at ${addressOf(database)} …`);
      await delay(RETRY_MS, undefined, { signal: options.signal });
    }
  }
}

/** What to do, by the SQLSTATE or errno. */
const REMEDIES: Record<string, string> = {
  ECONNREFUSED: 'Start PostgreSQL there, or correct host and port.',
  ENOTFOUND: 'Correct the host name: it is not known here.',
  '28P01': 'Correct the user or the password.',
  '28000': 'Allow this user to connect from this machine (pg_hba.conf), or correct the user.',
  '3D000': 'Create the database, or correct its name.',
  '42501': 'GRANT CONNECT on the database to this user.',
  '53300': 'Raise max_connections of the server, or put a pooler before it.',
};

function unreachable(database: Database, error: unknown): HexclaveError {
  const code = errorCode(error);
  const detail = code ?? (error instanceof Error ? error.message : String(error));
  return new HexclaveError({
    code: 'INTERNAL_DATABASE_UNREACHABLE',
    message: `The database at ${addressOf(database)} cannot be used (${detail}).`,
    remedy: `${REMEDIES[code ?? ''] ?? 'Check that it runs and takes connections from here.'} It is named in HEXCLAVE_DATABASE_CONNECTION_STRING.`,
    cause: error,
  });
}

function unsuitable(what: string, remedy: string): HexclaveError {
  return new HexclaveError({
    code: 'INTERNAL_DATABASE_UNSUITABLE',
    message: `The database in HEXCLAVE_DATABASE_CONNECTION_STRING cannot be Hexclave’s own. ${what}`,
    remedy,
  });
}

/** Host, port and name: neither user nor password. */
function addressOf({ connectionString }: Pick<Database, 'connectionString'>): string {
  const { host, pathname } = new URL(connectionString);
  return `${host}${pathname}`;
}
