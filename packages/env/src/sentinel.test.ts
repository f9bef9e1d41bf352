import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSentinel, replaceSentinels, sentinelOf } from './index.ts';

test.each([
  'HEXCLAVE_ENV_VAR_SENTINEL',
  'HEXCLAVE_ENV_VAR_SENTINEL_NEXT_PUBLIC_HEXCLAVE_API_URL',
  'STACK_ENV_VAR_SENTINEL_NEXT_PUBLIC_STACK_API_URL',
])('%s is a sentinel', (text) => {
  expect(isSentinel(text)).toBe(true);
});

test.each([
  '',
  'https://example.com/HEXCLAVE_ENV_VAR_SENTINEL_X',
  'HEXCLAVE_ENV_VAR_SENTINEL_X ',
  'HEXCLAVE_ENV_VAR_SENTINELS',
  'OTHER_ENV_VAR_SENTINEL_X',
])('%j is a value', (text) => {
  expect(isSentinel(text)).toBe(false);
});

test('each sentinel gets its own value, also where one name begins like another, and unknown ones stay', () => {
  const values = new Map([
    ['A', '$& is kept'],
    ['A_B', sentinelOf('A')],
  ]);
  const text = `${sentinelOf('A')}|${sentinelOf('A_B')}|STACK_ENV_VAR_SENTINEL_A|${sentinelOf('C')}`;
  expect(replaceSentinels(text, (name) => values.get(name))).toBe(
    `$& is kept|${sentinelOf('A')}|$& is kept|${sentinelOf('C')}`,
  );
});

test('any value arrives as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      expect(replaceSentinels(`<${sentinelOf('NEXT_PUBLIC_X')}>`, () => value)).toBe(`<${value}>`);
    }),
  );
});
