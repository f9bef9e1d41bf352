import { errorCode } from '@hexclave/db';
import type pg from 'pg';
import type { Lacking } from '../measures.ts';
import type { LogEntry } from '../source.ts';
import type { Limits } from './rolled-back.ts';
import { IDENTIFIER_SINCE, type ServerFacts } from './server.ts';

/** How the server remembers a statement from all of its runs, or why it does not. */
export type Usual = { readonly measures: LogEntry['measures']; readonly lacking: Lacking };

/** pg_stat_statements is installed, but was not loaded when the server started. */
const NOT_LOADED = '55000';
const PERMISSION_DENIED = '42501';

/** `identifier`: the id of the statement in EXPLAIN. Never a zero for what the server has not counted, or has let go of. */
export async function readUsual(
  client: pg.ClientBase,
  { statistics, version, versionNumber }: ServerFacts,
  identifier: string | undefined,
  limits: Limits,
): Promise<Usual> {
  if (versionNumber < IDENTIFIER_SINCE) {
    return lacks(`PostgreSQL ${version} has no ids of statements; 14 and newer do.`);
  }
  if (statistics === null) return lacks('The extension pg_stat_statements is not installed in that database.');
  if (identifier === undefined) return lacks('The server gives statements no ids: compute_query_id is off.');
  try {
    const [usual] = await read<{ calls: number; ms: number }>(client, limits, usualSql(statistics, identifier));
    if (usual === undefined) return lacks(await whyUnknown(client, limits, statistics));
    const { calls, ms } = usual;
    return {
      measures: { usual_calls: { value: calls, unit: 'calls' }, usual_time: { value: ms, unit: 'ms' } },
      lacking: {},
    };
  } catch (error) {
    return lacks(reasonOf(error));
  }
}

function usualSql(statistics: string, identifier: string): string {
  return `SELECT sum(s.calls)::float8 AS calls, (sum(s.total_exec_time) / sum(s.calls))::float8 AS ms FROM ${statistics}.pg_stat_statements s
    WHERE s.queryid = ${BigInt(identifier)} AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    HAVING sum(s.calls) > 0`;
}

const UNKNOWN = 'pg_stat_statements does not know this statement: it has not been run since the statistics were reset.';

/** What is used least is let go of when there is no room: then a count would tell half of the truth at best. */
async function whyUnknown(client: pg.ClientBase, limits: Limits, statistics: string): Promise<string> {
  const info = `SELECT i.dealloc::float8 AS n FROM ${statistics}.pg_stat_statements_info i WHERE i.dealloc > 0`;
  // The view is younger than the extension.
  const [evictions] = await read<{ n: number }>(client, limits, info).catch(() => []);
  if (evictions === undefined) return UNKNOWN;
  return `pg_stat_statements does not know this statement. It has made room ${evictions.n.toLocaleString('en')} times: raise pg_stat_statements.max.`;
}

async function read<Row>(client: pg.ClientBase, { statementMs, lockMs }: Limits, select: string): Promise<Row[]> {
  const begin = `BEGIN READ ONLY; SET LOCAL statement_timeout = ${statementMs}; SET LOCAL lock_timeout = ${lockMs}`;
  try {
    const results = (await client.query(`${begin};\n${select};\nROLLBACK`)) as unknown as pg.QueryResult[];
    return (results.at(-2)?.rows ?? []) as Row[];
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function reasonOf(error: unknown): string {
  const code = errorCode(error);
  if (code === undefined) throw error;
  if (code === NOT_LOADED) return 'pg_stat_statements is not among the shared_preload_libraries of that server.';
  if (code === PERMISSION_DENIED) return 'That role may not read pg_stat_statements.';
  return `pg_stat_statements could not be read (${code}).`;
}

function lacks(reason: string): Usual {
  return { measures: {}, lacking: { usual_calls: reason, usual_time: reason } };
}
