import { parse } from 'dotenv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDocument } from './document.ts';

function valuesOf(text: string): Record<string, string> {
  return Object.fromEntries(readDocument(text).assignments.map(({ name, value }) => [name, value]));
}

test('lines, places and comments', () => {
  const text = '# first\n\nexport A=1 # why\nB="x\n# no comment\n" # but this\nnonsense\n C = \r\n';
  const { assignments, strayLines } = readDocument(text);
  expect(assignments.map(({ name, value, line, comment }) => [name, value, line, comment])).toEqual([
    ['A', '1', 3, '# why'],
    ['B', 'x\n# no comment\n', 4, '# but this'],
    ['C', '', 8, ''],
  ]);
  expect(strayLines).toEqual([7]);
  for (const { name, nameStart } of assignments) expect(text.slice(nameStart)).toMatch(new RegExp(`^${name}`));
});

const fragment = fc.oneof(
  fc.constantFrom(
    'A',
    'B_C',
    'export ',
    '=',
    ' = ',
    ': ',
    '#',
    ' # c',
    '"',
    "'",
    '`',
    '\\',
    '\n',
    '\r\n',
    ' ',
    '$',
    '1',
    'x',
  ),
  fc.string({ maxLength: 3 }),
);

test('values are those that dotenv reads, in files as people write them', () => {
  const value = fc.constantFrom(
    '',
    'x',
    ' x ',
    '"a b"',
    "'a # b'",
    '"a\nb"',
    '`a\n"b"`',
    'x # c',
    '"x" # c',
    '# c',
    'a=b',
    '"a\\"b"',
  );
  const line = fc.oneof(
    fc
      .tuple(fc.constantFrom('', 'export ', '  '), fc.constantFrom('A', 'B', 'C'), fc.constantFrom('=', ' = '), value)
      .map((all) => all.join('')),
    fc.constantFrom('', '# comment', '# A=1', '   ', 'stray words'),
  );
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), (lines, lineBreak) => {
      const text = lines.join(lineBreak);
      expect(valuesOf(text)).toEqual(parse(text));
    }),
  );
});

test('every text is read to its end, and entries lie one behind the other', () => {
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 40 }), (parts) => {
      const { assignments, text } = readDocument(parts.join(''));
      let at = 0;
      for (const { start, end, nameStart, name } of assignments) {
        expect(start).toBeGreaterThanOrEqual(at);
        expect(text.slice(nameStart, nameStart + name.length)).toBe(name);
        at = end;
      }
      expect(at).toBeLessThanOrEqual(text.length);
    }),
  );
});
