import { describe, expect, test } from 'vitest';
import type { Backlog } from './backlog.ts';
import {
  type Behind,
  behindOf,
  behindOfCopy,
  behindTogether,
  FRESH_WITHIN_MS,
  freshThrough,
  rateOf,
  stateOf,
  worstState,
} from './judge.ts';

const now = new Date('2026-01-01T12:00:00Z');
const ago = (ms: number) => new Date(now.getTime() - ms);
const clock = { now, sequencerIsOn: true, oldestRequestAt: null };
const nothing: Backlog = { numbered: 0, unnumbered: 0, numberedSince: null, unnumberedSince: null };
const numbered = (from: Date | null, to: Date | null, late = false): Backlog => ({
  ...nothing,
  numbered: 1,
  numberedSince: { from, to, late },
});
const unnumbered = (from: Date | null, to: Date | null): Backlog => ({
  ...nothing,
  unnumbered: 1,
  unnumberedSince: { from, to, late: false },
});

describe('since when a change waits', () => {
  test.each<[string, Date | null, Backlog, Date | null]>([
    ['the request of that time is more exact than the samples', ago(4), numbered(ago(9_000), null), ago(4)],
    ['an older request was for changes that have arrived', ago(20_000), numbered(ago(9_000), null), ago(9_000)],
    ['a younger request is for later changes', ago(4), numbered(ago(19_000), ago(9_000)), ago(19_000)],
    ['no request is left of one that failed', null, numbered(ago(3_600_000), ago(3_590_000)), ago(3_600_000)],
    ['what was numbered late is older than its request', ago(4), numbered(ago(60_000), null, true), ago(60_000)],
    ['before the first sample there is only the request', ago(4), numbered(null, null), ago(4)],
    ['before all that is kept, nothing is said', ago(4), numbered(null, ago(9_000)), null],
  ])('%s', (_, oldestRequestAt, backlog, since) => {
    expect(behindOf(backlog, 100, { ...clock, oldestRequestAt }).since).toEqual(since);
  });

  test('a sequencer that runs has not left anything for longer than a second', () => {
    expect(behindOf(unnumbered(ago(9_000), null), 100, clock).since).toEqual(ago(1_000));
    expect(behindOf(unnumbered(ago(300), null), 100, clock).since).toEqual(ago(300));
    const off = { ...clock, sequencerIsOn: false };
    expect(behindOf(unnumbered(ago(9_000), null), 100, off).since).toEqual(ago(9_000));
    // Somebody's open transaction holds the row.
    expect(behindOf(unnumbered(ago(60_000), ago(50_000)), 100, clock).since).toEqual(ago(60_000));
  });
});

test('counting ends at the limit, and says so', () => {
  const backlog = { ...nothing, numbered: 80, unnumbered: 19 };
  expect(behindOf(backlog, 100, clock)).toMatchObject({ rows: 99, precision: 'exact' });
  expect(behindOf({ ...backlog, numbered: 100 }, 100, clock)).toMatchObject({ rows: 100, precision: 'at_least' });
});

test('a copy that has more than was expected is not behind by less than nothing', () => {
  expect(behindOfCopy(10, 4)).toMatchObject({ rows: 6, precision: 'about' });
  expect(behindOfCopy(10, 12).rows).toBe(0);
  expect(behindOfCopy(null, 12).rows).toBe(0);
});

const behind = (rows: number, since: Date | null, precision: Behind['precision'] = 'exact'): Behind => ({
  rows,
  precision,
  since,
});

test('several tables are as old as the oldest, and as exact as the least exact', () => {
  expect(behindTogether([behind(1, ago(5)), behind(2, ago(9)), behind(0, null)])).toEqual(behind(3, ago(9)));
  expect(behindTogether([behind(1, null), behind(2, null, 'at_least')]).precision).toBe('at_least');
  expect(behindTogether([behind(1, null, 'about'), behind(2, null, 'at_least')]).precision).toBe('about');
  expect(behindTogether([])).toEqual(behind(0, null));
});

test.each<[string, Partial<Parameters<typeof stateOf>[0]>, string]>([
  ['nothing waits', {}, 'fresh'],
  ['a change is on its way', { behind: behind(1, ago(FRESH_WITHIN_MS)) }, 'fresh'],
  ['a change is late', { behind: behind(1, ago(FRESH_WITHIN_MS + 1)) }, 'behind'],
  ['a change waits, nobody knows since when', { behind: behind(1, null) }, 'behind'],
  ['the first copy', { copying: true }, 'behind'],
  ['failing, though nothing waits', { failing: true }, 'failing'],
  ['paused, whatever else', { paused: true, failing: true, behind: behind(9, ago(99_999)) }, 'paused'],
])('%s: %o is %s', (_, condition, state) => {
  const well = { paused: false, failing: false, copying: false, behind: behind(0, null) };
  expect(stateOf({ ...well, ...condition }, now)).toBe(state);
});

test('the worst of several counts', () => {
  expect(worstState(['fresh', 'paused', 'behind', 'failing'])).toBe('failing');
  expect(worstState(['fresh', 'paused', 'behind'])).toBe('behind');
  expect(worstState(['fresh', 'paused'])).toBe('paused');
  expect(worstState([])).toBeNull();
});

test('fresh through now when nothing waits, through the oldest change otherwise, and unknown during a copy', () => {
  expect(freshThrough({ copying: false, behind: behind(0, null) }, now)).toEqual(now);
  expect(freshThrough({ copying: false, behind: behind(3, ago(7)) }, now)).toEqual(ago(7));
  expect(freshThrough({ copying: true, behind: behind(0, null) }, now)).toBeNull();
});

test('a rate is over the time since the last sample, and never over a time in which nothing happened', () => {
  expect(rateOf(100, ago(10_000), now)).toBe(10);
  expect(rateOf(350, ago(3_600_000), now)).toBe(10);
  expect(rateOf(-5, ago(1_000), now)).toBe(0);
  expect(rateOf(5, now, now)).toBe(0);
});
