import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterBatch, afterTrouble, firstBatchSize } from './batch-size.ts';

const batch = fc.record({ rows: fc.nat(50_000), bytes: fc.nat(1_000_000_000), ms: fc.nat(100_000) });

test('never less than ten rows, never more than 20,000, never more than four times or less than half of the last', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 50 }), (batches) => {
      let size = firstBatchSize;
      for (const each of batches) {
        const next = afterBatch(size, each);
        expect(next.rows).toBeGreaterThanOrEqual(Math.max(10, Math.floor(size.rows / 2)));
        expect(next.rows).toBeLessThanOrEqual(Math.min(20_000, size.rows * 4));
        size = next;
      }
    }),
  );
});

test('small rows over a fast link: batches grow to the most', () => {
  let size = firstBatchSize;
  for (let index = 0; index < 20; index++) size = afterBatch(size, { rows: size.rows, bytes: size.rows * 200, ms: 10 });
  expect(size.rows).toBe(20_000);
});

test('rows of a megabyte: batches shrink to what fits in a few megabytes', () => {
  let size = firstBatchSize;
  for (let index = 0; index < 20; index++)
    size = afterBatch(size, { rows: size.rows, bytes: size.rows * 1_000_000, ms: 10 });
  expect(size.rows).toBe(10);
});

test('an empty batch teaches nothing', () => {
  expect(afterBatch(firstBatchSize, { rows: 0, bytes: 0, ms: 100_000 })).toEqual(firstBatchSize);
});

test('trouble quarters it, down to ten rows', () => {
  let size = firstBatchSize;
  for (let index = 0; index < 10; index++) size = afterTrouble(size);
  expect(size.rows).toBe(10);
});
