import { expect, test } from 'vitest';
import { freshnessAt, freshnessWords } from './freshness.ts';

const NOON = new Date().setHours(12, 3, 7, 412);

test('a copy that lacks nothing lacks nothing until the status says otherwise', () => {
  const freshness = freshnessAt({ fresh_through_millis: NOON - 5_000, behind_millis: 0 }, NOON);
  expect(freshness).toEqual({ throughMillis: NOON, behindMillis: 0 });
  expect(freshnessWords(freshness)).toBe('All changes up to 12:03:07.412, nothing is waiting');
});

test('a copy that is behind falls back while nothing is heard of it', () => {
  const freshness = freshnessAt({ fresh_through_millis: NOON, behind_millis: 4 }, NOON + 9_000);
  expect(freshness).toEqual({ throughMillis: NOON, behindMillis: 9_000 });
  const now = freshnessAt({ fresh_through_millis: NOON, behind_millis: 4 }, NOON + 4);
  expect(freshnessWords(now)).toBe('All changes up to 12:03:07.412, 4 ms behind');
});

test('what cannot be said is not', () => {
  const freshness = freshnessAt({ fresh_through_millis: null, behind_millis: null }, NOON);
  expect(freshnessWords(freshness)).toBe('How fresh it is cannot be said yet');
});
