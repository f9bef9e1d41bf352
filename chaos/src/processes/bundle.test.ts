import { expect, test } from 'vitest';
import { rewriteText } from './bundle.ts';

const rewrite = { file: 'a.ts', find: 'guard();', replace: '$&' };

test('a text is replaced as it is', () => {
  expect(rewriteText('before guard(); after', rewrite)).toBe('before $& after');
});

test.each(['nothing', 'guard(); guard();'])('a text that is not there exactly once fails: %s', (source) => {
  expect(() => rewriteText(source, rewrite)).toThrow(/instead of once/);
});
