import { PROFILE_MEASURE_NAMES } from '@hexclave/config';
import type { LogEntry, ProfileSource } from '../source.ts';
import { countCpu, withCpu } from './cpu.ts';
import { cancellable, copyInto, type Limits, type MeasuredSession, openingOf } from './rolled-back.ts';
import { NO_CPU } from './server.ts';

/** Rows to be sent with COPY, into a table of the transaction's own. */
export type Copyable = {
  readonly create: string;
  /** COPY … FROM STDIN. */
  readonly copy: string;
  readonly rows: Buffer;
  readonly limits: Limits;
};

/** Measures a COPY, which PostgreSQL does not explain: by our own clock, the rows' way to the server included. */
export function copySource(session: MeasuredSession, copyable: Copyable): ProfileSource {
  const written = new Map<string, LogEntry>();
  return {
    execute: async (queryId, signal) => {
      const copied = await cancellable(session.beside, queryId, signal, () => copyOnce(session, copyable, queryId));
      written.set(queryId, toEntry(queryId, session, copied));
    },
    lookUp: async (queryId) => {
      const entry = written.get(queryId);
      return entry === undefined ? [] : [entry];
    },
  };
}

type Copied = { readonly rows: number; readonly ms: number; readonly cpuMs: number | undefined };

async function copyOnce(
  { client, server }: MeasuredSession,
  { create, copy, rows, limits }: Copyable,
  queryId: string,
): Promise<Copied> {
  try {
    await client.query([openingOf(limits, queryId), create, ...countCpu(server, 'statement')].join(';\n'));
    const started = performance.now();
    const { result, cpuMs } = await withCpu(client, 'statement', () => copyInto(client, copy, rows));
    return { rows: result, ms: performance.now() - started, cpuMs };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

function toEntry(queryId: string, { server }: MeasuredSession, { rows, ms, cpuMs }: Copied): LogEntry {
  const measures: LogEntry['measures'] = {
    execution_time: { value: ms, unit: 'ms' },
    rows: { value: rows, unit: 'rows' },
    ...(cpuMs !== undefined && { cpu_time: { value: cpuMs, unit: 'ms' } }),
  };
  const absent = PROFILE_MEASURE_NAMES.filter((name) => measures[name] === undefined);
  const reasons = absent.map((name) => [
    name,
    name === 'cpu_time' && !server.isSuperuser ? NO_CPU : 'PostgreSQL does not explain COPY.',
  ]);
  return { queryId, state: 'finished', measures, lacking: Object.fromEntries(reasons), plan: null, triggers: [] };
}
