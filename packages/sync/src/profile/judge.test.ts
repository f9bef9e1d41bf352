import { describe, expect, test } from 'vitest';
import { compare, type Earlier } from './compare.ts';
import { judge, judgeIndexes, verdictOf } from './judge.ts';
import type { Measures } from './measures.ts';
import { cut, digestOf, indexesUsed, nodesOf, rowsScanned } from './plan.ts';
import type { Measurement, PlanNode } from './source.ts';
import { asFound } from './statements.ts';

const INDEX = { name: 'Thing_idx', table: 'Thing', sqlTable: 's."Thing"', definition: 'CREATE INDEX …;', exists: true };

function node(change: Partial<PlanNode> = {}): PlanNode {
  const nothing = { relation: null, index: null, rows: 1, expectedRows: 1, loops: 1, removedRows: 0, children: [] };
  return { node: 'Limit', ...nothing, ...change };
}

function found(measures: Measures, change: Partial<Measurement> = {}): Measurement {
  return { measures: { execution_time: 2, rows: 250, ...measures }, lacking: {}, plan: null, triggers: [], ...change };
}

const earlier = (measures: Measures, planDigest = 'same', indexesUsed: string[] = ['Thing_idx']): Earlier => ({
  measures: { rows: 250, ...measures },
  planDigest,
  indexesUsed,
});
const codes = (findings: readonly { code: string }[]) => findings.map(({ code }) => code);

describe('a statement', () => {
  test('that is as it should be is good', () => {
    const findings = judge(
      found({}),
      [INDEX],
      compare(earlier({ execution_time: 2 }), [earlier({ execution_time: 2 })]),
    );
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
    const [halfBuilt] = judgeIndexes([asFound(INDEX, { valid: false })]);
    expect(halfBuilt).toMatchObject({
      message: expect.stringContaining('is not valid'),
      remedy: 'REINDEX INDEX CONCURRENTLY "Thing_idx";',
    });
    expect(verdictOf(false, finding === undefined ? [] : [finding])).toBe('bad');
    expect(verdictOf(false, [])).toBe('unknown');
  });

  test('that reads a large table from end to end is told so, once: not beside the missing index', () => {
    const scan = node({ node: 'Seq Scan', relation: 'Thing', rows: 250, removedRows: 20_000 });
    const plan = node({ children: [scan] });
    const scanned = judge(found({}, { plan }), [INDEX], null);
    expect(scanned).toMatchObject([{ code: 'TABLE_SCANNED', remedy: 'ANALYZE s."Thing";' }]);
    expect(codes(judge(found({}, { plan }), [{ ...INDEX, exists: false }], null))).toEqual(['INDEX_MISSING']);
    const small = node({ children: [{ ...scan, removedRows: 5_000 }] });
    expect(judge(found({}, { plan: small }), [INDEX], null)).toEqual([]);
    expect(judge(found({ rows: 2_000 }, { plan }), [INDEX], null)).toEqual([]);
  });

  test('that spills to the disk, or waits for triggers, is told what to do', () => {
    const spilling = found({ temporary_written: 8_192_000 });
    expect(judge(spilling, [], null)).toMatchObject([
      { code: 'TEMPORARY_FILES', message: expect.stringContaining('8.2 MB') },
    ]);
    const triggers = [{ name: 'audit', calls: 250, timeMs: 60 }];
    const waiting = found({ execution_time: 80 }, { triggers });
    expect(judge(waiting, [], null)).toMatchObject([
      { code: 'TRIGGERS_SLOW', message: expect.stringContaining('audit') },
    ]);
    expect(judge(found({ execution_time: 800 }, { triggers }), [], null)).toEqual([]);
  });
});

describe('a regression', () => {
  const pages = (bytes: number): Measures => ({ buffers_hit: bytes, buffers_read: 0 });
  const usual = [
    earlier({ execution_time: 4, ...pages(800_000) }),
    earlier({ execution_time: 900, ...pages(800_000) }),
    earlier({ execution_time: 3, ...pages(800_000) }),
  ];
  const regressed = (now: Earlier, before: Earlier[], exists = true) =>
    judge(found(now.measures), [{ ...INDEX, exists }], compare(now, before)).filter(({ code }) => code === 'REGRESSED');

  test('is more than noise, and one slow run before does not hide it', () => {
    expect(regressed(earlier({ execution_time: 9 }), usual)).toEqual([]);
    expect(regressed(earlier({ execution_time: 60 }), usual)).toMatchObject([
      { code: 'REGRESSED', message: expect.stringContaining('60 ms instead of 4.0 ms') },
    ]);
  });

  test('shows in the pages that are read, whatever time it took, and names a plan that changed', () => {
    const [finding] = regressed(earlier({ execution_time: 3, ...pages(9_000_000) }, 'now'), usual);
    expect(finding?.message).toContain('9.0 MB of pages instead of 0.8 MB');
    expect(finding?.message).toContain('another one than before');
  });

  test('names the index that is no longer used, and the SQL that makes it if it is gone', () => {
    const now = earlier({ execution_time: 3, ...pages(9_000_000) }, 'now', []);
    expect(regressed(now, usual, false)).toMatchObject([
      { message: expect.stringContaining('It no longer uses Thing_idx.'), remedy: INDEX.definition },
    ]);
    expect(regressed(now, usual)).toMatchObject([{ remedy: expect.stringContaining('ANALYZE') }]);
  });

  test('is judged for as many rows', () => {
    const before = [earlier({ execution_time: 20, rows: 10 })];
    expect(regressed(earlier({ execution_time: 400 }), before)).toEqual([]);
  });
});

describe('a comparison', () => {
  test('has the median before, the growth and the trend of what both have', () => {
    const before = [5, 1, 3].map((execution_time) => earlier({ execution_time, cpu_time: 90 }));
    const now = earlier({ execution_time: 120, cpu_time: 10, buffers_hit: 5, buffers_read: 5 });
    expect(compare(now, before)).toEqual({
      runs: 3,
      samePlan: true,
      indexesGone: [],
      changes: {
        execution_time: { before: 3, now: 120, percent: 3_900, trend: 'worse' },
        cpu_time: { before: 90, now: 10, percent: -89, trend: 'better' },
      },
    });
  });

  test('with nothing is none, and one with nothing to divide by has no percentage', () => {
    expect(compare(earlier({}), [])).toBeNull();
    const [was, is] = [earlier({ execution_time: 0 }), earlier({ execution_time: 1 })];
    expect(compare(is, [was])?.changes.execution_time).toEqual({ before: 0, now: 1, percent: null, trend: 'same' });
  });

  test.each([
    ['2.5 times as much', 40, 100, 'same'],
    ['more than that', 40, 101, 'worse'],
    ['many times as much of next to nothing', 1, 20, 'same'],
    ['a fraction', 101, 40, 'better'],
  ])('calls %s what it is', (_what, was, is, trend) => {
    const compared = compare(earlier({ execution_time: is }), [earlier({ execution_time: was })]);
    expect(compared?.changes.execution_time?.trend).toBe(trend);
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
