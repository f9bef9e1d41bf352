// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references within values of variables.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  always,
  bundleDefinitions,
  choose,
  type Flavour,
  FRONTS,
  type Front,
  namesOf,
  resolveEnvironment,
  type Source,
  sentinelOf,
  text,
  withDefault,
} from './index.ts';

/** What one spelling can be: not there, empty, blank, a value, another value, or what a build has left. */
const A = 'https://a.example.com';
const B = 'https://b.example.com';
const S = sentinelOf('X');
type Given = string | undefined;
const GIVEN: readonly Given[] = [undefined, '', ' \t', A, B, S, 'STACK_ENV_VAR_SENTINEL_X'];

/** The rules as they are written in docs/operations/environment-variables.md, case by case, without any of our code. */
function expected(
  canonical: Given,
  legacy: Given,
  flavour: Flavour,
): 'unset' | 'conflict' | { from: 'HEXCLAVE' | 'STACK' } {
  const isSentinel = (value: Given) => value === S || value === 'STACK_ENV_VAR_SENTINEL_X';
  const counts = (value: Given) =>
    value !== undefined && value.trim() !== '' && (flavour === 'bundle' || !isSentinel(value));
  if (!counts(canonical) && !counts(legacy)) return 'unset';
  if (!counts(legacy)) return { from: 'HEXCLAVE' };
  if (!counts(canonical)) return { from: 'STACK' };
  const comparable = !isSentinel(canonical) && !isSentinel(legacy);
  if (comparable && canonical !== legacy && flavour !== 'sdk') return 'conflict';
  return { from: 'HEXCLAVE' };
}

const CASES = (['server', 'bundle', 'sdk'] as const).flatMap((flavour) =>
  GIVEN.flatMap((canonical) => GIVEN.map((legacy) => ({ flavour, canonical, legacy }))),
);

test.each(CASES)('$flavour: HEXCLAVE_X is $canonical, STACK_X is $legacy', ({ flavour, canonical, legacy }) => {
  for (const front of Object.keys(FRONTS) as Front[]) {
    const names = namesOf({ name: 'X', prefix: front });
    const source = { [names[0]]: canonical, [names[1] ?? '']: legacy };
    const before = { ...source };
    const choice = choose(source, names, flavour);
    const rule = expected(canonical, legacy, flavour);
    if (typeof rule === 'string') expect(choice.kind).toBe(rule);
    else {
      const [name, value] = rule.from === 'HEXCLAVE' ? [names[0], canonical] : [names[1], legacy];
      expect(choice).toEqual({ kind: 'set', name, text: value });
    }
    expect(source).toEqual(before);
  }
});

test('the names of every kind of variable', () => {
  expect(Object.keys(FRONTS).map((prefix) => namesOf({ name: 'X', prefix: prefix as Front }))).toEqual([
    ['HEXCLAVE_X', 'STACK_X'],
    ['NEXT_PUBLIC_HEXCLAVE_X', 'NEXT_PUBLIC_STACK_X'],
    ['NEXT_PUBLIC_BROWSER_HEXCLAVE_X', 'NEXT_PUBLIC_BROWSER_STACK_X'],
    ['NEXT_PUBLIC_SERVER_HEXCLAVE_X', 'NEXT_PUBLIC_SERVER_STACK_X'],
    ['VITE_HEXCLAVE_X', 'VITE_STACK_X'],
  ]);
});

const PUBLIC = {
  x: withDefault(
    { name: 'X', prefix: 'public', parser: text(), visibility: 'public', sentence: 'Something.' },
    always('d'),
  ),
} as const;

test('a conflict names both, shows what differs, and says what to do', () => {
  const source = { NEXT_PUBLIC_HEXCLAVE_X: A, NEXT_PUBLIC_STACK_X: B };
  for (const run of [() => resolveEnvironment(source, PUBLIC), () => bundleDefinitions(source, PUBLIC)]) {
    expect(run).toThrow(
      `NEXT_PUBLIC_HEXCLAVE_X and NEXT_PUBLIC_STACK_X are set to different values ("${A}" and "${B}"). ` +
        'Keep the right one as NEXT_PUBLIC_HEXCLAVE_X, and unset NEXT_PUBLIC_STACK_X, its older name.',
    );
  }
});

test('a bundle gets both names, so that a literal read of either is inlined', () => {
  expect(bundleDefinitions({ NEXT_PUBLIC_STACK_X: A }, PUBLIC)).toEqual({
    'process.env.NEXT_PUBLIC_HEXCLAVE_X': JSON.stringify(A),
    'process.env.NEXT_PUBLIC_STACK_X': JSON.stringify(A),
  });
  expect(bundleDefinitions({}, PUBLIC)).toHaveProperty(['process.env.NEXT_PUBLIC_STACK_X'], '"d"');
});

test('a bundle never gets a secret', () => {
  const secret = { key: { ...PUBLIC.x, visibility: 'secret' } } as const;
  expect(bundleDefinitions({ NEXT_PUBLIC_HEXCLAVE_X: 'canary' }, secret)).toEqual({});
});

const REFERENCES = ['${NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX:-81}', '${NEXT_PUBLIC_STACK_PORT_PREFIX:-81}'];

test.each(REFERENCES)('%s moves with the port prefix, under either of its names', (reference) => {
  const read = (source: Source) =>
    resolveEnvironment({ NEXT_PUBLIC_HEXCLAVE_X: `http://a:${reference}02/${reference}`, ...source }, PUBLIC).x;
  expect(read({})).toBe('http://a:8102/81');
  expect(read({ NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX: '92' })).toBe('http://a:9202/92');
  expect(read({ NEXT_PUBLIC_STACK_PORT_PREFIX: '93' })).toBe('http://a:9302/93');
  expect(read({ NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX: '', NEXT_PUBLIC_STACK_PORT_PREFIX: '94' })).toBe('http://a:9402/94');
  expect(read({ NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX: sentinelOf('Y') })).toBe('http://a:8102/81');
});

test('values are compared once they are expanded', () => {
  const [current, legacy] = REFERENCES;
  const source = { NEXT_PUBLIC_HEXCLAVE_X: `:${current}02`, NEXT_PUBLIC_STACK_X: `:${legacy}02` };
  expect(resolveEnvironment(source, PUBLIC).x).toBe(':8102');
});

test('no other reference is expanded, and what is expanded is not looked at again', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      fc.pre(value.trim() !== '' && !REFERENCES.some((reference) => value.includes(reference)));
      const source = { NEXT_PUBLIC_HEXCLAVE_X: value, HEXCLAVE_OTHER: 'canary', OTHER: 'canary' };
      expect(resolveEnvironment(source, PUBLIC).x).toBe(value);
    }),
  );
  const source = { NEXT_PUBLIC_HEXCLAVE_X: 'pa${HOME}ss$&', HOME: 'canary' };
  expect(resolveEnvironment(source, PUBLIC).x).toBe('pa${HOME}ss$&');
});
