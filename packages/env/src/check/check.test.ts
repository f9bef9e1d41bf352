import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkEnvFiles } from './check.ts';

const SECRET = 'canary-'.repeat(8);

function codesIn(text: string, name = '.env.local'): string[] {
  return checkEnvFiles([{ name, text }], {}).findings.map(({ code, line }) => `${line} ${code}`);
}

test.each([
  ['HEXCLAVE_LOG_LEVEL=warn', []],
  ['# a comment\n\nPATH_OF_MINE=1', []],
  ['STACK_LOG_LEVEL=warn', ['1 OLDER_NAME']],
  ['STACK_BASE_URL=http://a', ['1 RENAMED']],
  ['STACK_BASE_URL=http://a\nNEXT_PUBLIC_STACK_API_URL=http://b', ['1 COUNTS_FOR_NOTHING', '2 OLDER_NAME']],
  ['HEXCLAVE_HOST=a\nSTACK_HOST=b', ['2 CONFLICT', '2 OLDER_NAME']],
  ['HEXCLAVE_HOST=\nSTACK_HOST=b', ['2 OLDER_NAME']],
  ['HEXCLAVE_HOST=a\nHEXCLAVE_HOST=b', ['1 DUPLICATE']],
  ['HEXCLAVE_LOG_LEVEL=loud', ['1 INVALID_VALUE']],
  ['HEXCLAVE_LOGLEVEL=warn', ['1 UNKNOWN_NAME']],
  ['NODE_ENV=production', ['1 NOT_READ_FROM_FILES']],
  ['HEXCLAVE_HOST', ['1 STRAY_LINE']],
])('%j', (text, codes) => {
  expect(codesIn(text)).toEqual(codes);
});

test('a name with a typing error is answered with the one that was meant', () => {
  const message = (name: string) => checkEnvFiles([{ name: '.env', text: `${name}=1` }], {}).findings[0]?.message;
  expect(message('HEXCLAVE_SERVER_SECERT')).toContain('Did you mean HEXCLAVE_SERVER_SECRET?');
  expect(message('STACK_LOGLEVEL')).toContain('Did you mean HEXCLAVE_LOG_LEVEL?');
  expect(message('STACK_SOMETHING_ELSE_ENTIRELY')).toContain('another program’s');
});

test('a secret is told of where it would be committed, and is never shown', () => {
  const text = `HEXCLAVE_SERVER_SECRET=${SECRET}\nSTACK_CRON=1\nHEXCLAVE_SEED_INTERNAL_PROJECT_SECRET_SERVER_KEY=canary`;
  expect(codesIn(text, '.env')).toContain('1 SECRET_IN_COMMITTED_FILE');
  expect(codesIn(text)).not.toContain('1 SECRET_IN_COMMITTED_FILE');
  const check = checkEnvFiles([{ name: '.env', text }], { STACK_SERVER_SECRET: `${SECRET}x` });
  expect(JSON.stringify(check)).not.toContain('canary');
});

test('what wins, and why', () => {
  const files = [
    { name: '.env.local', text: 'STACK_LOG_LEVEL=warn\nHEXCLAVE_HOST=' },
    { name: '.env', text: 'HEXCLAVE_LOG_LEVEL=info\nSTACK_HOST=a\nSTACK_BASE_URL=http://old' },
  ];
  const { variables } = checkEnvFiles(files, { HEXCLAVE_DATA_DIRECTORY: 'here' });
  expect(variables).toEqual([
    expect.objectContaining({
      name: 'HEXCLAVE_HOST',
      value: 'a',
      origin: '.env',
      setAs: 'STACK_HOST',
      overridden: [],
    }),
    expect.objectContaining({ name: 'NEXT_PUBLIC_HEXCLAVE_API_URL', setAs: 'STACK_BASE_URL', value: 'http://old' }),
    expect.objectContaining({ name: 'HEXCLAVE_DATA_DIRECTORY', origin: 'environment', why: 'set nowhere else' }),
    {
      name: 'HEXCLAVE_LOG_LEVEL',
      value: 'warn',
      isSecret: false,
      origin: '.env.local',
      setAs: 'STACK_LOG_LEVEL',
      why: '.env.local comes before .env',
      overridden: [{ origin: '.env', setAs: 'HEXCLAVE_LOG_LEVEL', why: '.env.local wins' }],
    },
  ]);
});

test('an older name that meets the present one in another file is the one case that needs a rename', () => {
  const files = [
    { name: '.env.local', text: 'STACK_LOG_LEVEL=warn' },
    { name: '.env.development', text: 'HEXCLAVE_LOG_LEVEL=info' },
  ];
  expect(checkEnvFiles(files, {}).findings.map(({ code }) => code)).toEqual(['OLDER_NAME', 'CONFLICT_ELSEWHERE']);
});

test('the environment itself is looked at too', () => {
  const environment = { PATH: '/bin', STACK_HOST: 'a', HEXCLAVE_HOST: 'b', NODE_ENV: 'production' };
  const { findings } = checkEnvFiles([], environment);
  expect(findings.map(({ file, line, code }) => [file, line, code])).toEqual([
    ['environment', 0, 'CONFLICT'],
    ['environment', 0, 'OLDER_NAME'],
  ]);
});

test.each(['.env', '.env.development', '.env.example'])('nothing is to be said against our own %s', (name) => {
  const text = readFileSync(new URL(`../../../../${name}`, import.meta.url), 'utf8');
  expect(checkEnvFiles([{ name, text }], {}).findings).toEqual([]);
});
