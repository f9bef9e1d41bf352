import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgePosition, type SourceHistory } from './position.ts';

const streaming = (epoch: string, cursor: bigint, sourceLsn: bigint | null = null) => ({
  ...{ epoch, cursor, copy: null, sourceLsn },
});
const history = (over: Partial<SourceHistory> = {}): SourceHistory => ({
  epochs: [
    { id: 'first', startsAfter: 0n, keptThrough: null },
    { id: 'second', startsAfter: 100n, keptThrough: 9_000n },
  ],
  lastNumber: 150n,
  lsn: 9_500n,
  tombstonesPrunedThrough: 0n,
  ...over,
});

describe('streaming goes on', () => {
  test.each([
    ['from the end of what is numbered', streaming('second', 150n)],
    ['from an older epoch, up to its end', streaming('first', 100n)],
    ['from the very beginning', streaming('first', 0n)],
    ['with rows as new as what the database has kept', streaming('first', 100n, 9_000n)],
    ['with rows of the present epoch', streaming('second', 150n, 9_500n)],
  ])('%s', (_, position) => expect(judgePosition(position, history())).toBe('continue'));
});

describe('a copy begins anew', () => {
  test.each([
    ['where there is nothing', null],
    ['after a restored internal database: the epoch never was', streaming('lost', 10n)],
    ['after a restored internal database: the epoch ended before', streaming('first', 101n)],
    ['after a restored internal database: some rows were read later', streaming('first', 100n, 9_001n)],
    ['when the cursor was set absurdly high', streaming('second', 10n ** 18n)],
    ['when the cursor was set below zero', streaming('second', -1n)],
  ])('%s', (_, position) => expect(judgePosition(position, history())).toBe('copy-anew'));

  test('when it is not known what the database has kept', () => {
    const epochs = [...history().epochs, { id: 'third', startsAfter: 150n, keptThrough: null }];
    expect(judgePosition(streaming('first', 100n, 1n), history({ epochs }))).toBe('copy-anew');
    expect(judgePosition(streaming('third', 150n, 9_500n), history({ epochs }))).toBe('continue');
  });

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
          const epoch = { id: `e${index}`, startsAfter: reached, keptThrough: 0n };
          reached += gap;
          return epoch;
        });
        const index = pick % epochs.length;
        const end = epochs[index + 1]?.startsAfter ?? reached;
        const at = history({ epochs, lastNumber: reached });
        expect(judgePosition(streaming(`e${index}`, end), at)).toBe('continue');
        expect(judgePosition(streaming(`e${index}`, end + beyond), at)).toBe('copy-anew');
      },
    ),
  );
});
