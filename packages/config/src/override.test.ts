import { describe, expect, it } from 'vitest';
import { applyOverride, type ConfigDocument } from './override.ts';

function apply(document: ConfigDocument, patch: ConfigDocument): ConfigDocument {
  const result = applyOverride(document, patch);
  if (!result.ok) throw new Error(result.issues[0]?.message);
  return result.document;
}

describe('an override', () => {
  it('sets whole values and leaves its input as it was', () => {
    const document = { dbSync: { externalDatabases: { a: { paused: true } } } };
    expect(apply(document, { 'dbSync.externalDatabases': { b: {} } })).toEqual({
      dbSync: { externalDatabases: { b: {} } },
    });
    expect(document.dbSync.externalDatabases).toEqual({ a: { paused: true } });
  });

  it('sets deep paths, creating what is missing on the way', () => {
    expect(apply({}, { 'a.b.c': 1, 'a.b.d': 2 })).toEqual({ a: { b: { c: 1, d: 2 } } });
  });

  it('removes with null, at the path or inside the value', () => {
    expect(apply({ a: { b: 1, c: 2 } }, { 'a.b': null })).toEqual({ a: { c: 2 } });
    expect(apply({ a: { b: 1 } }, { a: { b: null, c: 3 } })).toEqual({ a: { c: 3 } });
    expect(apply({}, { 'x.y.z': null })).toEqual({});
  });

  it('keeps order: a later path wins', () => {
    expect(apply({}, { 'a.b': 1, a: { b: 2 } })).toEqual({ a: { b: 2 } });
  });

  it.each(['', '.', 'a..b', '.a', 'a.', '__proto__.polluted', 'a.__proto__', 'constructor.prototype.polluted'])(
    'refuses the path %j',
    (path) => {
      expect(applyOverride({}, { [path]: { polluted: true } })).toMatchObject({ ok: false });
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    },
  );

  it('refuses a path through something that is not an object, and one that is very deep', () => {
    expect(applyOverride({ a: 1 }, { 'a.b': 2 })).toMatchObject({ ok: false });
    expect(applyOverride({ a: [1] }, { 'a.0': 2 })).toMatchObject({ ok: false });
    expect(applyOverride({}, { [Array(100).fill('a').join('.')]: 1 })).toMatchObject({ ok: false });
  });
});
