import { errorCode } from '@hexclave/db';
import type pg from 'pg';
import type { LogEntry, ProfileSource } from '../source.ts';
import { type ExplainAnswer, explain, toEntry } from './explain.ts';
import { IDENTIFIER_SINCE, type ServerFacts } from './server.ts';

/** A statement to be measured. */
export type Explainable = {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Run before it in the same transaction, and not measured. */
  readonly before: readonly string[];
  readonly limits: Limits;
};

/** In ms. */
export type Limits = { readonly statementMs: number; readonly lockMs: number };

/** Measures one statement with EXPLAIN ANALYZE in a transaction that is rolled back. */
export function explainSource(client: pg.ClientBase, server: ServerFacts, statement: Explainable): ProfileSource {
  const written = new Map<string, LogEntry>();
  return {
    execute: async (queryId) => {
      const { answer, identifier, cpuMs } = await explainOnce(client, server, statement);
      const entry = toEntry(queryId, server, answer);
      const cpu: LogEntry['measures'] = cpuMs === undefined ? {} : { cpu_time: { value: cpuMs, unit: 'ms' } };
      const usual = await readUsual(client, server, identifier);
      written.set(queryId, { ...entry, measures: { ...entry.measures, ...cpu, ...usual } });
    },
    lookUp: async (queryId) => {
      const entry = written.get(queryId);
      return entry === undefined ? [] : [entry];
    },
  };
}

type Explanation = {
  readonly answer: ExplainAnswer;
  readonly identifier: string | undefined;
  readonly cpuMs: number | undefined;
};

/** The id has more digits than a JavaScript number, so it is taken from the text. */
const IDENTIFIER = /"Query Identifier": (-?\d+)/;
const AS_TEXT = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

async function explainOnce(client: pg.ClientBase, server: ServerFacts, statement: Explainable): Promise<Explanation> {
  const usages: string[] = [];
  const listen = ({ message, detail }: { message?: string | undefined; detail?: string | undefined }) => {
    if (message === 'EXECUTOR STATISTICS' && detail !== undefined) usages.push(detail);
  };
  const { text, values = [], before, limits } = statement;
  try {
    await client.query([begin(limits), ...before, ...countCpu(server)].join(';\n'));
    client.on('notice', listen);
    const { rows } = await client.query<{ 'QUERY PLAN': string }>({
      text: `${explain(server)} ${text}`,
      values: [...values],
      types: AS_TEXT,
    });
    const json = rows[0]?.['QUERY PLAN'] ?? '';
    const [answer] = JSON.parse(json) as readonly ExplainAnswer[];
    if (answer === undefined) throw new Error('EXPLAIN has answered with nothing');
    return { answer, identifier: IDENTIFIER.exec(json)?.[1], cpuMs: cpuOf(usages) };
  } finally {
    client.off('notice', listen);
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

function begin({ statementMs, lockMs }: Limits): string {
  return `BEGIN; SET LOCAL statement_timeout = ${statementMs}; SET LOCAL lock_timeout = ${lockMs};
    SET LOCAL idle_in_transaction_session_timeout = ${statementMs * 2}; SET LOCAL synchronous_commit = off`;
}

/** The server tells the client what its process has used, and nobody else: its log stays as it is. */
function countCpu({ isSuperuser }: ServerFacts): string[] {
  if (!isSuperuser) return [];
  return [
    'SET LOCAL log_min_messages = panic',
    'SET LOCAL client_min_messages = log',
    'SET LOCAL log_executor_stats = on',
  ];
}

const USAGE = /([\d.]+) s user, ([\d.]+) s system/;

/** In ms. The last one is that of the statement: whatever ran before was told before. */
function cpuOf(usages: readonly string[]): number | undefined {
  const found = USAGE.exec(usages.at(-1) ?? '');
  if (found === null) return undefined;
  return (Number(found[1]) + Number(found[2])) * 1_000;
}

/** How the server remembers the statement from all of its runs; nothing if it does not. */
async function readUsual(
  client: pg.ClientBase,
  { statistics, versionNumber }: ServerFacts,
  identifier: string | undefined,
): Promise<LogEntry['measures']> {
  if (statistics === null || identifier === undefined || versionNumber < IDENTIFIER_SINCE) return {};
  try {
    const { rows } = await client.query<{ calls: number; ms: number }>(
      `SELECT sum(s.calls)::float8 AS calls, (sum(s.total_exec_time) / sum(s.calls))::float8 AS ms FROM ${statistics}.pg_stat_statements s
       WHERE s.queryid = $1::bigint AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
       HAVING sum(s.calls) > 0`,
      [identifier],
    );
    const [usual] = rows;
    if (usual === undefined) return {};
    return { usual_calls: { value: usual.calls, unit: 'calls' }, usual_time: { value: usual.ms, unit: 'ms' } };
  } catch (error) {
    // Installed, but not loaded, or closed to this role: the same as not being there.
    if (errorCode(error) === undefined) throw error;
    return {};
  }
}
