import { describe, expect, test } from 'vitest';
import { type Earlier, judge, judgeIndexes, verdictOf } from './judge.ts';
import type { Measures } from './measures.ts';
import { cut, digestOf, indexesUsed, nodesOf, rowsScanned } from './plan.ts';
import type { Measurement, PlanNode } from './source.ts';

const INDEX = { name: 'Thing_idx', table: 'Thing', definition: 'CREATE INDEX …;', exists: true };

function node(change: Partial<PlanNode> = {}): PlanNode {
  const nothing = { relation: null, index: null, rows: 1, expectedRows: 1, loops: 1, removedRows: 0, children: [] };
  return { node: 'Limit', ...nothing, ...change };
}

function found(measures: Measures, change: Partial<Measurement> = {}): Measurement {
  return { measures: { execution_time: 2, rows: 250, ...measures }, lacking: {}, plan: null, triggers: [], ...change };
}

const earlier = (measures: Measures, planDigest = 'same'): Earlier => ({
  measures: { rows: 250, ...measures },
  planDigest,
});
const codes = (findings: readonly { code: string }[]) => findings.map(({ code }) => code);

describe('a statement', () => {
  test('that is as it should be is good', () => {
    const findings = judge(found({}), 'same', [INDEX], [earlier({ execution_time: 2 })]);
    expect(findings).toEqual([]);
    expect(verdictOf(true, findings)).toBe('good');
  });

  test('without its index is bad, also when it could not be measured', () => {
    const [finding] = judgeIndexes([{ ...INDEX, exists: false }]);
    expect(finding).toMatchObject({
      code: 'INDEX_MISSING',
      message: expect.stringContaining('Thing_idx'),
      remedy: INDEX.definition,
    });
    expect(verdictOf(false, finding === undefined ? [] : [finding])).toBe('bad');
    expect(verdictOf(false, [])).toBe('unknown');
  });

  test('that reads a large table from end to end is told so, once: not beside the missing index', () => {
    const scan = node({ node: 'Seq Scan', relation: 'Thing', rows: 250, removedRows: 20_000 });
    const plan = node({ children: [scan] });
    expect(codes(judge(found({}, { plan }), null, [INDEX], []))).toEqual(['TABLE_SCANNED']);
    expect(codes(judge(found({}, { plan }), null, [{ ...INDEX, exists: false }], []))).toEqual(['INDEX_MISSING']);
    const small = node({ children: [{ ...scan, removedRows: 5_000 }] });
    expect(judge(found({}, { plan: small }), null, [INDEX], [])).toEqual([]);
  });

  test('that spills to the disk, or waits for triggers, is told what to do', () => {
    const spilling = found({ temporary_written: 8_192_000 });
    expect(judge(spilling, null, [], [])).toMatchObject([
      { code: 'TEMPORARY_FILES', message: expect.stringContaining('8.2 MB') },
    ]);
    const triggers = [{ name: 'audit', calls: 250, timeMs: 60 }];
    const waiting = found({ execution_time: 80 }, { triggers });
    expect(judge(waiting, null, [], [])).toMatchObject([
      { code: 'TRIGGERS_SLOW', message: expect.stringContaining('audit') },
    ]);
    expect(judge(found({ execution_time: 800 }, { triggers }), null, [], [])).toEqual([]);
  });
});

describe('a regression', () => {
  const usual = [
    earlier({ execution_time: 4, buffers_hit: 800_000 }),
    earlier({ execution_time: 900 }),
    earlier({ execution_time: 3 }),
  ];

  test('is more than noise, and one slow run before does not hide it', () => {
    expect(judge(found({ execution_time: 9 }), 'same', [], usual)).toEqual([]);
    expect(judge(found({ execution_time: 60 }), 'same', [], usual)).toMatchObject([
      { code: 'REGRESSED', message: expect.stringContaining('60 ms instead of 4.0 ms') },
    ]);
  });

  test('shows in the pages that are read, whatever time it took, and names a plan that changed', () => {
    const before = [earlier({ execution_time: 3, buffers_hit: 800_000 }, 'before')];
    const [finding] = judge(found({ execution_time: 3, buffers_hit: 9_000_000 }), 'now', [], before);
    expect(finding?.message).toContain('9.0 MB of pages instead of 0.8 MB');
    expect(finding?.message).toContain('another one than before');
  });

  test('is judged for as many rows', () => {
    const before = [earlier({ execution_time: 20, rows: 10 })];
    expect(judge(found({ execution_time: 400, rows: 250 }), 'same', [], before)).toEqual([]);
  });
});

describe('a plan', () => {
  const scan = node({ node: 'Index Scan', relation: 'Thing', index: 'Thing_idx', rows: 7 });
  const plan = node({ children: [scan, node({ node: 'Bitmap Index Scan', index: 'Other_idx' }), scan] });

  test('has a digest that counts do not change, and shapes do', () => {
    const counted = node({ rows: 99, children: [{ ...scan, rows: 1, loops: 5 }, ...plan.children.slice(1)] });
    expect(digestOf(counted)).toBe(digestOf(plan));
    expect(digestOf(node({ children: [{ ...scan, index: 'Third_idx' }, ...plan.children.slice(1)] }))).not.toBe(
      digestOf(plan),
    );
  });

  test('names its indexes, and no rows of a scan through one', () => {
    expect(indexesUsed(plan)).toEqual(['Other_idx', 'Thing_idx']);
    expect(rowsScanned(plan, 'Thing')).toBe(0);
  });

  test('of very many steps keeps the first ones', () => {
    const wide = node({ children: Array.from({ length: 500 }, () => node({ children: [node()] })) });
    expect(nodesOf(cut(wide))).toHaveLength(60);
  });
});
