import { devNull } from 'node:os';
import { expect, test } from 'vitest';
import { currentEnvironment, environmentForChild, getEnvBoolean, getEnvVariable, sentinelOf } from './index.ts';

test('either spelling may be asked for, and either may be set', () => {
  for (const name of ['HEXCLAVE_LOG_LEVEL', 'STACK_LOG_LEVEL']) {
    expect(getEnvVariable(name, { source: { HEXCLAVE_LOG_LEVEL: 'warn' } })).toBe('warn');
    expect(getEnvVariable(name, { source: { STACK_LOG_LEVEL: 'warn' } })).toBe('warn');
    expect(getEnvVariable(name, { source: { HEXCLAVE_LOG_LEVEL: '', STACK_LOG_LEVEL: 'warn' } })).toBe('warn');
  }
});

test('variables that nobody has declared follow the same rules', () => {
  expect(getEnvVariable('VITE_HEXCLAVE_MINE', { source: { VITE_STACK_MINE: '1' } })).toBe('1');
  const source = { HEXCLAVE_MINE: 'canary1', STACK_MINE: 'canary2' };
  expect(() => getEnvVariable('HEXCLAVE_MINE', { source })).toThrow(/HEXCLAVE_MINE and STACK_MINE(?!.*canary)/s);
  expect(getEnvVariable('HEXCLAVE_MINE', { source, flavour: 'sdk' })).toBe('canary1');
  expect(getEnvVariable('PATH', { source: { PATH: '/bin' } })).toBe('/bin');
});

test('one that is not set is an error that names the present name, unless there is a fallback', () => {
  expect(() => getEnvVariable('STACK_MINE', { source: {} })).toThrow('HEXCLAVE_MINE must be set');
  expect(() => getEnvVariable('HEXCLAVE_MINE', { source: { HEXCLAVE_MINE: sentinelOf('X') } })).toThrow('must be set');
  expect(getEnvVariable('HEXCLAVE_MINE', { source: {}, fallback: '' })).toBe('');
});

test.each([
  ['STACK_BASE_URL', 'NEXT_PUBLIC_HEXCLAVE_API_URL'],
  ['NEXT_PUBLIC_STACK_URL', 'NEXT_PUBLIC_HEXCLAVE_API_URL'],
  ['HEXCLAVE_ADMIN_KEY', 'HEXCLAVE_SUPER_SECRET_ADMIN_KEY'],
])('asking for %s names %s', (older, successor) => {
  expect(() => getEnvVariable(older, { source: { [older]: 'x' } })).toThrow(
    `${older} was renamed: ask for ${successor}.`,
  );
});

test('what is set under a name from before a renaming still counts, where nothing else is set', () => {
  const older = { NEXT_PUBLIC_STACK_URL: 'https://old' };
  expect(getEnvVariable('NEXT_PUBLIC_HEXCLAVE_API_URL', { source: older })).toBe('https://old');
  const source = { ...older, NEXT_PUBLIC_STACK_API_URL: 'https://new' };
  expect(getEnvVariable('NEXT_PUBLIC_HEXCLAVE_API_URL', { source })).toBe('https://new');
});

test.each(['TRUE', 'True', '1', '0', 'yes', 'no', 'on', 'false '])('%j is no boolean', (value) => {
  expect(() => getEnvBoolean('HEXCLAVE_MINE', { source: { HEXCLAVE_MINE: value } })).toThrow(
    'HEXCLAVE_MINE must be `true` or `false`',
  );
});

test('booleans', () => {
  expect(getEnvBoolean('HEXCLAVE_MINE', { source: { STACK_MINE: 'true' } })).toBe(true);
  expect(getEnvBoolean('HEXCLAVE_MINE', { source: { STACK_MINE: 'false' } })).toBe(false);
  expect(getEnvBoolean('HEXCLAVE_MINE', { source: {}, fallback: true })).toBe(true);
  expect(() => getEnvBoolean('HEXCLAVE_MINE', { source: {} })).toThrow('HEXCLAVE_MINE must be set');
});

test('reading writes nothing into the environment of the process', () => {
  const before = { ...currentEnvironment() };
  getEnvVariable('HEXCLAVE_MINE', { fallback: 'x' });
  getEnvBoolean('HEXCLAVE_MINE', { fallback: false });
  expect({ ...currentEnvironment() }).toEqual(before);
});

test('a program that is started gets nothing of ours but what it is given', () => {
  const source = {
    PATH: '/bin',
    NODE_ENV: 'test',
    CRON_SECRET: 'c',
    HEXCLAVE_A: 'a',
    VITE_STACK_B: 'b',
    GONE: undefined,
  };
  expect(environmentForChild({ HEXCLAVE_C: 'c', LEFT_OUT: undefined }, source)).toEqual({
    PATH: '/bin',
    HEXCLAVE_C: 'c',
    HEXCLAVE_ENV_DIRECTORY: devNull,
  });
});
