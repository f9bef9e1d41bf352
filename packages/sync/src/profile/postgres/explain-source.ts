import type pg from 'pg';
import type { LogEntry, ProfileSource } from '../source.ts';
import { countCpu, withCpu } from './cpu.ts';
import { type ExplainAnswer, explain, toEntry } from './explain.ts';
import { cancellable, copyInto, type Limits, type MeasuredSession, openingOf } from './rolled-back.ts';
import { readUsual } from './usual.ts';

/** A statement to be measured. */
export type Explainable = {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Rows that are sent before it. Of locks it needs only those of its own temporary table. */
  readonly staged?: { readonly create: string; readonly copy: string; readonly rows: Buffer };
  /** Run right before it in the same transaction, and not measured. */
  readonly before: readonly string[];
  readonly limits: Limits;
};

/** Measures one statement with EXPLAIN ANALYZE in a transaction that is rolled back. */
export function explainSource(session: MeasuredSession, statement: Explainable): ProfileSource {
  const written = new Map<string, LogEntry>();
  return {
    execute: async (queryId, signal) => {
      const explained = await cancellable(session.beside, queryId, signal, () =>
        explainOnce(session, statement, queryId),
      );
      const { client, server } = session;
      const entry = toEntry(queryId, server, explained.answer);
      const cpu: LogEntry['measures'] =
        explained.cpuMs === undefined ? {} : { cpu_time: { value: explained.cpuMs, unit: 'ms' } };
      const usual = await readUsual(client, server, explained.identifier, statement.limits);
      written.set(queryId, {
        ...entry,
        measures: { ...entry.measures, ...cpu, ...usual.measures },
        lacking: { ...entry.lacking, ...usual.lacking },
      });
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

async function explainOnce(
  { client, server }: MeasuredSession,
  { text, values = [], staged, before, limits }: Explainable,
  queryId: string,
): Promise<Explanation> {
  const opening = openingOf(limits, queryId);
  try {
    if (staged !== undefined) await copyInto(client, [opening, staged.create, staged.copy].join(';\n'), staged.rows);
    const leading = [...(staged === undefined ? [opening] : []), ...before, ...countCpu(server, 'executor')];
    const { result: json, cpuMs } = await withCpu(client, 'executor', () =>
      run(client, leading, `${explain(server)} ${text}`, values),
    );
    const [answer] = JSON.parse(json) as readonly ExplainAnswer[];
    if (answer === undefined) throw new Error('EXPLAIN has answered with nothing');
    return { answer, identifier: IDENTIFIER.exec(json)?.[1], cpuMs };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

type Answered = { readonly 'QUERY PLAN': string };

/**
 * Without values, all in one message, the end of the transaction included: locks are held while the statement runs, and not
 * for the way of an answer and back.
 */
async function run(
  client: pg.ClientBase,
  leading: readonly string[],
  text: string,
  values: readonly unknown[],
): Promise<string> {
  if (values.length === 0) {
    const asked = { text: [...leading, text, 'ROLLBACK'].join(';\n'), types: AS_TEXT };
    const results = (await client.query(asked)) as unknown as pg.QueryResult<Answered>[];
    return results.at(-2)?.rows[0]?.['QUERY PLAN'] ?? '[]';
  }
  await client.query(leading.join(';\n'));
  const { rows } = await client.query<Answered>({ text, values: [...values], types: AS_TEXT });
  return rows[0]?.['QUERY PLAN'] ?? '[]';
}
