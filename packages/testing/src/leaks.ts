import type { Queryable } from '@hexclave/db';
import { waitUntil } from './wait-until.ts';

type Connection = { applicationName: string; state: string | null; query: string };

/** Closing takes the server a moment after the client is done. */
const GRACE_MS = 3_000;

/** Says which connections to a database are still open; undefined when none is. */
export async function checkForLeaks(admin: Queryable, database: string): Promise<string | undefined> {
  let open: Connection[] = [];
  const closed = waitUntil(
    async () => {
      open = await openConnections(admin, database);
      return open.length === 0;
    },
    { timeoutMs: GRACE_MS, describe: `the connections to ${database} to be closed` },
  );
  return closed.then(
    () => undefined,
    () => `${open.length} connections to ${database} were left open:\n${open.map(describe).join('\n')}`,
  );
}

function openConnections(admin: Queryable, database: string): Promise<Connection[]> {
  return admin.query<Connection>(
    `SELECT application_name AS "applicationName", state, left(query, 200) AS query
     FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
    [database],
  );
}

function describe({ applicationName, state, query }: Connection): string {
  return `- ${applicationName} (${state ?? 'unknown'}): ${query}`;
}
