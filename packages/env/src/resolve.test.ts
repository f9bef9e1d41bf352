import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CATALOGUE, namesOf, resolveEnvironment, type Source } from './index.ts';

const SECRET = 's3cret-canary-'.repeat(4);
const PRODUCTION = {
  NODE_ENV: 'production',
  HEXCLAVE_DATABASE_CONNECTION_STRING: 'postgresql://hexclave@db.example.com/hexclave',
  HEXCLAVE_SERVER_SECRET: SECRET,
  CRON_SECRET: 'cron',
};
const ALL_NAMES = Object.values(CATALOGUE).flatMap((variable) => namesOf(variable));

function resolve(source: Source) {
  return resolveEnvironment(source, CATALOGUE);
}

function problemsOf(source: Source): string {
  try {
    resolve(source);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENVIRONMENT_INVALID', retryable: false });
    return (error as Error).message;
  }
  throw new Error('No problem was found');
}

test('with nothing set, development has a default for everything it needs', () => {
  expect(resolve({})).toMatchObject({
    nodeEnv: 'development',
    portPrefix: 81,
    host: '127.0.0.1',
    dataDirectory: '.hexclave',
    allowPrivateHosts: true,
    runLoops: true,
    serverSecret: undefined,
    databaseConnectionString: undefined,
  });
});

test('production closes what development leaves open', () => {
  expect(resolve(PRODUCTION)).toMatchObject({ allowPrivateHosts: false, host: '0.0.0.0', serverSecret: SECRET });
});

test('production without its database and secrets is refused, naming all', () => {
  const problems = problemsOf({ NODE_ENV: 'production' });
  expect(problems).toContain('HEXCLAVE_SERVER_SECRET must be set in production');
  expect(problems).toContain('CRON_SECRET must be set in production');
  expect(problems).toContain('HEXCLAVE_DATABASE_CONNECTION_STRING must be set in production');
});

test('the older prefix is accepted for every variable that has one', () => {
  expect(resolve({ STACK_LOG_LEVEL: 'debug', NEXT_PUBLIC_STACK_PORT_PREFIX: '91' })).toMatchObject({
    logLevel: 'debug',
    portPrefix: 91,
  });
});

test('two names with different values are refused by name, and neither value is shown', () => {
  const problems = problemsOf({ HEXCLAVE_SERVER_SECRET: SECRET, STACK_SERVER_SECRET: `${SECRET}x` });
  expect(problems).toContain('HEXCLAVE_SERVER_SECRET and STACK_SERVER_SECRET');
  expect(problems).not.toContain('canary');
});

test.each([
  ['HEXCLAVE_EXTERNAL_DB_SYNC_RUN_LOOPS', 'yes'],
  ['HEXCLAVE_EXTERNAL_DB_SYNC_RUN_LOOPS', 'TRUE'],
  ['NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX', '81x'],
  ['NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX', '1e2'],
  ['NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX', '5'],
  ['NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX', '327'],
  ['HEXCLAVE_LOG_LEVEL', 'loud'],
  ['NODE_ENV', 'prod'],
  ['HEXCLAVE_SERVER_SECRET', 'short'],
  ['HEXCLAVE_SYNC_ENGINE_URL', 'javascript:alert(1)'],
  ['HEXCLAVE_SYNC_ENGINE_URL', 'localhost:8102'],
  ['HEXCLAVE_DATABASE_CONNECTION_STRING', 'mysql://user:canary@host/db'],
  ['HEXCLAVE_DATABASE_CONNECTION_STRING', 'postgresql:///db'],
])('%s=%s is refused by name', (name, value) => {
  const problems = problemsOf({ [name]: value });
  expect(problems).toContain(`${name} must be `);
  expect(problems).not.toContain('canary');
});

test('all problems are told at once', () => {
  const problems = problemsOf({ NODE_ENV: 'production', HEXCLAVE_LOG_LEVEL: 'loud', HEXCLAVE_QSTASH_TOKEN: 'token' });
  const lines = problems.split('\n').filter((line) => line.startsWith('- '));
  expect(lines).toHaveLength(6);
  expect(problems).toContain('HEXCLAVE_QSTASH_CURRENT_SIGNING_KEY must be set too');
});

test('a shown value cannot command the terminal', () => {
  // An escape sequence and a right-to-left mark.
  const problems = problemsOf({ HEXCLAVE_LOG_LEVEL: '\u001b[2J\u202e' });
  expect([...problems].filter((character) => character !== '\n' && (character < ' ' || character > '~'))).toEqual([]);
});

test('credentials in a mistyped address are not shown', () => {
  expect(problemsOf({ HEXCLAVE_SYNC_ENGINE_URL: 'htp://user:canary@host/' })).not.toContain('canary');
});

test('several secrets are separated by commas, and each must be long enough', () => {
  const name = 'HEXCLAVE_PREVIOUS_SERVER_SECRETS';
  expect(resolve({ [name]: `${SECRET}1, ${SECRET}2` }).previousServerSecrets).toEqual([`${SECRET}1`, `${SECRET}2`]);
  for (const value of [`${SECRET},`, `${SECRET},canary`]) {
    const problems = problemsOf({ [name]: value });
    expect(problems).toContain(`${name} must be one or more texts, separated by commas, of at least 32 characters`);
    expect(problems).not.toContain('canary');
  }
});

const anySource = fc.dictionary(
  fc.constantFrom(...ALL_NAMES),
  fc.oneof(fc.string(), fc.constantFrom('', ' ', 'true', 'false', '81', 'info', 'production', 'http://host', SECRET)),
);

test('any environment is either resolved or refused with a documented error', () => {
  fc.assert(
    fc.property(anySource, (source) => {
      try {
        const resolved = resolve(source);
        expect(Object.keys(resolved)).toEqual(Object.keys(CATALOGUE));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENVIRONMENT_INVALID' });
      }
    }),
  );
});

test('an empty value is the same as none', () => {
  fc.assert(
    fc.property(fc.subarray(ALL_NAMES), fc.constantFrom('', ' ', '\t'), (names, blank) => {
      expect(resolve(Object.fromEntries(names.map((name) => [name, blank])))).toEqual(resolve({}));
    }),
  );
});

test('the same value under both names is the same as under one', () => {
  fc.assert(
    fc.property(fc.webUrl(), (address) => {
      const one = resolve({ HEXCLAVE_SYNC_ENGINE_URL: address });
      const both = resolve({ HEXCLAVE_SYNC_ENGINE_URL: address, STACK_SYNC_ENGINE_URL: address });
      expect(both).toEqual(one);
    }),
  );
});

test('no secret’s value is ever in an error', () => {
  const secretNames = Object.values(CATALOGUE)
    .filter(({ visibility }) => visibility === 'secret')
    .flatMap((variable) => namesOf(variable));
  fc.assert(
    fc.property(
      fc.subarray(secretNames, { minLength: 1 }),
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      (names, tail) => {
        const source = Object.fromEntries(names.map((name, index) => [name, `canary${index}${tail}`]));
        expect(problemsOf({ ...source, HEXCLAVE_LOG_LEVEL: 'loud' })).not.toContain('canary');
      },
    ),
  );
});

test('variables that Hexclave does not know change nothing', () => {
  expect(resolve({ PATH: '/bin', PGHOST: 'elsewhere', HEXCLAVE_UNRELATED: 'x' })).toEqual(resolve({}));
});
