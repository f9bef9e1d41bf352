import fc from 'fast-check';
import pg from 'pg';
import { expect, test } from 'vitest';
import { quoteLiteral } from './quote.ts';

test('literals are quoted as the driver quotes them', () => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom("'", '\\', '"', '$', '\n', 'E'), fc.string({ unit: 'binary' })),
  });
  fc.assert(fc.property(text, (value) => quoteLiteral(value) === pg.escapeLiteral(value)));
  expect(quoteLiteral(null)).toBe('NULL');
});
