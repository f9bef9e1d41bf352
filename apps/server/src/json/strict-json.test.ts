import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

describe('strict JSON', () => {
  it('is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/__proto__|\\u0000/.test(text));
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    '{"a":{"b":1},"c":{"b":2}}',
    '[{"a":1},{"a":1}]',
    '["a","a",{"a":"a"}]',
    '{"a":["a","a"],"b":"a"}',
    '"\\ud83d\\ude00"',
    '"quote \\" and brace { and comma ,"',
    '9007199254740993.5',
    '1152921504606847000',
    '-0',
    '1e308',
    '[]',
    '[[[]]]',
  ])('takes %s', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['', /not valid/],
    ['{', /not valid/],
    ['{"secret":"CANARY"', /not valid/],
    ["{'a':1}", /not valid/],
    ['NaN', /not valid/],
    ['{"a":1,"a":1}', /two equal keys/],
    ['{"a":1,"\\u0061":2}', /two equal keys/],
    ['{"b":[{"a":1}],"a":{"x":1},"a":2}', /two equal keys/],
    ['{"__proto__":{"admin":true}}', /__proto__/],
    ['[{"\\u005f_proto__":1}]', /__proto__/],
    ['"a\\u0000b"', /NUL/],
    ['{"a\\u0000":1}', /NUL/],
    ['"\\ud800"', /surrogate/],
    ['{"\\udc00":1}', /surrogate/],
    ['12345678901234567890', /double/],
    ['9007199254740993', /double/],
    ['1e400', /double/],
    ['['.repeat(65) + ']'.repeat(65), /nested/],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, /nested/],
    ['['.repeat(1_000_000), /not valid/],
    [`"${'\\\\"'.repeat(1_000_000)}`, /not valid/],
    ['1152921504606846976', /double/],
    [`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, /nested/],
  ])('refuses %.60s', (text, message) => {
    expect(() => parseStrictJson(text)).toThrow(StrictJsonError);
    expect(() => parseStrictJson(text)).toThrow(message);
  });

  it('does not repeat the text in its message', () => {
    expect(() => parseStrictJson('{"secret":CANARY}')).not.toThrow(/CANARY/);
  });

  it('reads a megabyte in well under a second', () => {
    const text = JSON.stringify(
      Array.from({ length: 20_000 }, (_, index) => ({ id: index, name: `user ${index} "x"` })),
    );
    const start = performance.now();
    parseStrictJson(text);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
