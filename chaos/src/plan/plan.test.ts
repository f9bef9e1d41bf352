import { expect, test } from 'vitest';
import { FAULTS } from '../nemesis/catalogue.ts';
import { makePlan } from './plan.ts';

test('the same seed makes the same plan, another one another', () => {
  expect(makePlan(7, 5)).toEqual(makePlan(7, 5));
  expect(makePlan(8, 5)).not.toEqual(makePlan(7, 5));
});

test('a tenth of the transactions is rolled back, and they have 1 to 20 operations', () => {
  const { transactions } = makePlan(7, 100);
  const rolledBack = transactions.filter(({ outcome }) => outcome === 'rollback').length;
  expect(rolledBack / transactions.length).toBeCloseTo(0.1, 1);
  const sizes = transactions.map(({ operations }) => operations.length);
  expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([1, 20]);
});

test('a quiet tenancy is left alone in the second half', () => {
  const { transactions, lengthMs } = makePlan(7, 60);
  const quiet = (half: (at: number) => boolean) =>
    transactions.filter(({ at, operations }) => half(at) && operations[0]?.tenancy === 2).length;
  expect(quiet((at) => at < lengthMs / 2)).toBeGreaterThan(0);
  expect(quiet((at) => at >= lengthMs / 2)).toBe(0);
});

test('every kind of fault is dealt within ten seeds, wherever they begin', () => {
  const seeds = Array.from({ length: 10 }, (_, index) => 40 + index);
  const dealt = new Set(seeds.flatMap((seed) => makePlan(seed, 5).faults.map(({ kind }) => kind)));
  expect(dealt.size).toBe(FAULTS.length);
});
