import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, printableJson } from './printable.ts';
import { sparkline } from './sparkline.ts';
import { stylesOf } from './styles.ts';
import { table } from './table.ts';
import { duration } from './words.ts';

const ANY_TEXT = fc.string({ unit: 'binary', maxLength: 50 });

describe('what others wrote', () => {
  test('never commands a terminal, whatever it is', () => {
    fc.assert(
      fc.property(ANY_TEXT, (text) => {
        expect(printable(text)).not.toMatch(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });

  test('is the same for a program, whatever it is', () => {
    fc.assert(
      fc.property(ANY_TEXT, (text) => {
        const json = printableJson({ text });
        expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});

describe('colours', () => {
  test.each([
    ['in a terminal', { isTTY: true }, {}, true],
    ['in a pipe', {}, {}, false],
    ['with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, false],
    ['with FORCE_COLOR in a pipe', {}, { FORCE_COLOR: '1' }, true],
    ['with FORCE_COLOR=0', { isTTY: true }, { FORCE_COLOR: '0' }, false],
    ['in a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, false],
  ])('%s', (_where, output, environment, coloured) => {
    expect(stylesOf(output, environment).red('x') !== 'x').toBe(coloured);
  });
});

test('a table is cut to the width of the terminal, and to no other', () => {
  const rows = [['a', 'x'.repeat(200)]];
  const columns = [{ name: 'ID' }, { name: 'TEXT' }];
  const narrow = table(columns, rows, stylesOf({ isTTY: true, columns: 40 }, { NO_COLOR: '1' }));
  expect(Math.max(...narrow.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(narrow).toContain('…');
  expect(table(columns, rows, stylesOf({}, {}))).toContain('x'.repeat(200));
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [2_500, '2.5 s'],
  [59_900, '60 s'],
  [200_000, '3 min 20 s'],
  [7_200_000, '2 h'],
  [187_200_000, '2 d 4 h'],
])('%i ms are %s', (milliseconds, words) => {
  expect(duration(milliseconds)).toBe(words);
});

test('bars are as high as their share of the largest, and gaps are gaps', () => {
  expect(sparkline([0, 5, 10, null])).toBe('▁▅█ ');
  expect(sparkline([0, 0])).toBe('▁▁');
});
