import { createDatabase, quoteIdentifier, quoteLiteral } from '@hexclave/db';
import type { Cluster } from '@hexclave/embedded-postgres';
import { createDatabaseUnlessThere } from '../start/internal-database.ts';

/** Both the database and the only user who may enter it. */
const NAME = 'hexclave_demo';

/** The database that plays the part of an application's own. */
export type DemoDatabase = { name: string; user: string; connectionString: string };

/** Shows the users that have arrived there. */
export const DEMO_STATEMENT = 'SELECT id, display_name, primary_email FROM hexclave.users';

/**
 * Creates a second database in the embedded cluster, with a user who has what an external database's user needs and
 * nothing else: in particular not the internal database.
 */
export async function ensureDemoDatabase(cluster: Cluster, password: string): Promise<DemoDatabase> {
  const admin = createDatabase({ connectionString: cluster.connectionString(), max: 1 });
  try {
    await createDatabaseUnlessThere(admin, NAME);
    const [existing] = await admin.query(`SELECT 1 FROM pg_roles WHERE rolname = ${quoteLiteral(NAME)}`);
    const name = quoteIdentifier(NAME);
    // Set at every start: the file with the password may be newer than the cluster.
    await admin.query(`${existing ? 'ALTER' : 'CREATE'} ROLE ${name} LOGIN PASSWORD ${quoteLiteral(password)}`);
    await closeToOthers(admin.query);
    await admin.query(`GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${name} TO ${name}`);
  } finally {
    await admin.end();
  }
  return describeDemoDatabase(cluster.port, password);
}

export function describeDemoDatabase(port: number, password: string): DemoDatabase {
  return {
    name: NAME,
    user: NAME,
    // TLS would need certificates, and the connection does not leave this machine.
    connectionString: `postgresql://${NAME}:${password}@127.0.0.1:${port}/${NAME}?sslmode=disable`,
  };
}

/** By default everybody may connect to every database of a cluster. */
async function closeToOthers(query: (text: string) => Promise<{ datname: string }[]>): Promise<void> {
  const databases = await query('SELECT datname FROM pg_database WHERE datallowconn');
  for (const { datname } of databases) await query(`REVOKE ALL ON DATABASE ${quoteIdentifier(datname)} FROM PUBLIC`);
}
