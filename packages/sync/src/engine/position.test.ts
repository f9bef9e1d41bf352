import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgePosition, type SourceHistory, samePosition } from './position.ts';

const streaming = (epoch: string, cursor: bigint) => ({ epoch, cursor, copy: null });
const history = (over: Partial<SourceHistory> = {}): SourceHistory => ({
  epochs: [
    { id: 'first', startsAfter: 0n },
    { id: 'second', startsAfter: 100n },
  ],
  lastNumber: 150n,
  tombstonesPrunedThrough: 0n,
  ...over,
});

describe('streaming goes on', () => {
  test.each([
    ['from the end of what is numbered', streaming('second', 150n)],
    ['from an older epoch, up to its end', streaming('first', 100n)],
    ['from the very beginning', streaming('first', 0n)],
  ])('%s', (_, position) => expect(judgePosition(position, history())).toBe('continue'));
});

describe('a copy begins anew', () => {
  test.each([
    ['where there is nothing', null],
    ['after a restored internal database: the epoch never was', streaming('lost', 10n)],
    ['after a restored internal database: the epoch ended before', streaming('first', 101n)],
    ['when the cursor was set absurdly high', streaming('second', 10n ** 18n)],
    ['when the cursor was set below zero', streaming('second', -1n)],
  ])('%s', (_, position) => expect(judgePosition(position, history())).toBe('copy-anew'));

  test('when tombstones after the cursor are gone', () => {
    const pruned = history({ tombstonesPrunedThrough: 120n });
    expect(judgePosition(streaming('second', 119n), pruned)).toBe('copy-anew');
    expect(judgePosition(streaming('second', 120n), pruned)).toBe('continue');
  });
});

test('numbers beyond 2^53 are told apart', () => {
  const edge = 2n ** 53n;
  const at = history({ lastNumber: edge });
  expect(judgePosition(streaming('second', edge), at)).toBe('continue');
  expect(judgePosition(streaming('second', edge + 1n), at)).toBe('copy-anew');
  expect(samePosition(streaming('e', edge), streaming('e', edge + 1n))).toBe(false);
});

test('a position is the same only as itself', () => {
  const copying = { epoch: 'e', cursor: 5n, copy: { after: ['k'], fresh: true } };
  expect(samePosition(copying, { ...copying, copy: { after: ['k'], fresh: true } })).toBe(true);
  expect(samePosition(copying, { ...copying, copy: { after: ['k'], fresh: false } })).toBe(false);
  expect(samePosition(copying, streaming('e', 5n))).toBe(false);
  expect(samePosition(null, null)).toBe(true);
  expect(samePosition(null, copying)).toBe(false);
});

test('no position beyond what its epoch handed out is ever continued', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt(1n, 1_000n), { minLength: 1, maxLength: 6 }),
      fc.nat(5),
      fc.bigInt(1n, 2_000n),
      (gaps, pick, beyond) => {
        let reached = 0n;
        const epochs = gaps.map((gap, index) => {
          const epoch = { id: `e${index}`, startsAfter: reached };
          reached += gap;
          return epoch;
        });
        const index = pick % epochs.length;
        const end = epochs[index + 1]?.startsAfter ?? reached;
        const at = { epochs, lastNumber: reached, tombstonesPrunedThrough: 0n };
        expect(judgePosition(streaming(`e${index}`, end), at)).toBe('continue');
        expect(judgePosition(streaming(`e${index}`, end + beyond), at)).toBe('copy-anew');
      },
    ),
  );
});
