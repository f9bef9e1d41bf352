import { expect, test } from 'vitest';
import { createRefusedKeys } from './refused-keys.ts';

test('a key is refused for a while, and then looked at again', () => {
  let now = 0;
  const refused = createRefusedKeys({ forMs: 100, now: () => now });
  expect(refused.has('a')).toBe(false);
  refused.add('a');
  now = 99;
  expect([refused.has('a'), refused.has('b')]).toEqual([true, false]);
  now = 100;
  expect(refused.has('a')).toBe(false);
});

test('however many there are, the memory that they take is bounded, and the oldest go first', () => {
  const refused = createRefusedKeys({ most: 2 });
  for (const key of ['a', 'b', 'a', 'c']) refused.add(key);
  expect(['a', 'b', 'c'].filter((key) => refused.has(key))).toEqual(['a', 'c']);
});
