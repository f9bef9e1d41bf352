import type pg from 'pg';
import type { Lacking } from '../measures.ts';

/** What of a server decides what it can be asked. */
export type ServerFacts = {
  readonly version: string;
  /** `150004`: 15.4. */
  readonly versionNumber: number;
  /** In bytes. */
  readonly blockSize: number;
  /** May have the server count its own processor time. */
  readonly isSuperuser: boolean;
  /** The schema of pg_stat_statements, quoted; `null`: the extension is not there. */
  readonly statistics: string | null;
};

export const SERVER_FACTS = `SELECT pg_catalog.current_setting('server_version') AS version,
  pg_catalog.current_setting('server_version_num')::int AS "versionNumber", pg_catalog.current_setting('block_size')::int AS "blockSize",
  pg_catalog.current_setting('is_superuser') = 'on' AS "isSuperuser",
  (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
   WHERE e.extname = 'pg_stat_statements') AS statistics`;

export async function readServerFacts(client: pg.ClientBase): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(SERVER_FACTS);
  const [facts] = rows;
  if (facts === undefined) throw new Error('The server says nothing of itself');
  // Of a stranger's server: nothing else than a version is let through.
  return { ...facts, version: /^\d+(\.\d+)*\w*/.exec(facts.version)?.[0].slice(0, 20) ?? 'unknown' };
}

/** EXPLAIN (WAL). */
export const WAL_SINCE = 130_000;
/** The ids by which statements are remembered are in EXPLAIN since PostgreSQL 14. */
export const IDENTIFIER_SINCE = 140_000;

/** Why there is no processor time. */
export const NO_CPU = 'Only a superuser may have PostgreSQL count processor time.';

/** What this server cannot tell of a statement that it explains, and why. */
export function explainLacks({ version, versionNumber, isSuperuser }: ServerFacts): Lacking {
  const wal = `PostgreSQL ${version} does not count it; 13 and newer do.`;
  return {
    ...(versionNumber < WAL_SINCE && { wal_size: wal, wal_records: wal }),
    ...(!isSuperuser && { cpu_time: NO_CPU }),
  };
}
