import { describe, expect, test } from 'vitest';
import type { Earlier } from './compare.ts';
import { profileStatement } from './profile.ts';
import { DEFAULT_PATIENCE } from './read-result.ts';
import type { LogEntry, Probe } from './source.ts';

const LACKING = Object.fromEntries(
  [
    ...['planning_time', 'cpu_time', 'buffers_dirtied', 'buffers_written', 'temporary_read', 'temporary_written'],
    ...['wal_size', 'wal_records', 'usual_calls', 'usual_time'],
  ].map((name) => [name, 'not told']),
);

type Run = { readonly ms: number; readonly pages?: number };

/** A source whose runs cost that much, one after the other. */
function costing(runs: readonly Run[]) {
  const executed: string[] = [];
  const entryOf = (queryId: string, { ms, pages = 1_000 }: Run): LogEntry => ({
    ...{ queryId, state: 'finished', plan: null, triggers: [], lacking: LACKING },
    measures: {
      execution_time: { value: ms, unit: 'ms' },
      rows: { value: 1, unit: 'rows' },
      buffers_hit: { value: pages, unit: 'bytes' },
      buffers_read: { value: 0, unit: 'bytes' },
    },
  });
  const probe: Probe = {
    ...{ kind: 'ready', indexes: [], server: '18.4' },
    source: {
      execute: async (queryId) => void executed.push(queryId),
      lookUp: async (queryId) => [entryOf(queryId, runs[executed.indexOf(queryId)] as Run)],
    },
  };
  return { probe, executed };
}

const BEFORE: Earlier = {
  measures: { execution_time: 4, rows: 1, buffers_hit: 1_000, buffers_read: 0 },
  planDigest: null,
  indexesUsed: [],
};

async function profile(runs: readonly Run[], earlier: Earlier[] = [BEFORE]) {
  const { probe, executed } = costing(runs);
  const signal = new AbortController().signal;
  const named = { statement: 'fetch', side: 'internal' } as const;
  const found = await profileStatement(
    named,
    async () => probe,
    async () => earlier,
    DEFAULT_PATIENCE,
    signal,
  );
  const time = found.outcome.kind === 'measured' ? found.outcome.measures.execution_time : null;
  return { found, executed, time };
}

describe('a statement that has become slower', () => {
  test('is measured again, and is as fast as its fastest run', async () => {
    const { found, executed, time } = await profile([{ ms: 90 }, { ms: 5 }]);
    expect(executed).toHaveLength(2);
    expect([time, found.queryId, found.findings]).toEqual([5, executed[1], []]);
  });

  test('has regressed once it was slow three times', async () => {
    const { found, executed, time } = await profile([{ ms: 90 }, { ms: 80 }, { ms: 85 }, { ms: 1 }]);
    expect(executed).toHaveLength(3);
    expect([time, found.queryId]).toEqual([80, executed[1]]);
    expect(found.findings).toMatchObject([{ code: 'REGRESSED', message: expect.stringContaining('80 ms instead of') }]);
  });

  test.each<[string, Run, Earlier[]]>([
    ['reads more pages', { ms: 90, pages: 5_000_000 }, [BEFORE]],
    ['was never measured before', { ms: 90 }, []],
    ['is not slower beyond noise', { ms: 9 }, [BEFORE]],
  ])('is measured once if it %s', async (_what, run, earlier) => {
    const { executed, time } = await profile([run], earlier);
    expect([executed.length, time]).toEqual([1, run.ms]);
  });
});
