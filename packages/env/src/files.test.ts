import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { CATALOGUE, loadEnvironment, loadSource, type Source } from './index.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function load(files: Record<string, string>, environment: Source = {}): Source {
  const folder = mkdtempSync(join(tmpdir(), 'hexclave-env-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return loadSource({ environment: { HEXCLAVE_ENV_DIRECTORY: folder, ...environment } });
}

const ALL = ['.env.development.local', '.env.local', '.env.development', '.env'];

test('what stands nearer to the process wins', () => {
  for (let first = 0; first < ALL.length; first++) {
    const files = Object.fromEntries(ALL.slice(first).map((name) => [name, `HEXCLAVE_HOST=${name}`]));
    expect(load(files).HEXCLAVE_HOST).toBe(ALL[first]);
  }
  expect(load({ '.env.local': 'HEXCLAVE_HOST=file' }, { HEXCLAVE_HOST: 'process' }).HEXCLAVE_HOST).toBe('process');
});

test('each mode has its own files, and tests leave out .env.local', () => {
  const files = { '.env.production': 'A=production', '.env.test': 'A=test', '.env.local': 'A=local', '.env': 'A=all' };
  expect(load(files, { NODE_ENV: 'production' }).A).toBe('local');
  expect(load(files, { NODE_ENV: 'test' }).A).toBe('test');
  expect(load({ '.env': 'NODE_ENV=production' }).NODE_ENV).toBe('development');
});

test('an older name in a nearer file wins over the present one in a file farther away', () => {
  const files = { '.env.local': 'STACK_LOG_LEVEL=warn', '.env': 'HEXCLAVE_LOG_LEVEL=info' };
  expect(loadWith(files).logLevel).toBe('warn');
});

test('the two names in one file are compared', () => {
  const files = { '.env.local': 'STACK_LOG_LEVEL=warn\nHEXCLAVE_LOG_LEVEL=info' };
  expect(() => loadWith(files)).toThrow('HEXCLAVE_LOG_LEVEL and STACK_LOG_LEVEL are set to different values');
});

test('an empty placeholder with a comment decides nothing', () => {
  const files = { '.env.local': 'HEXCLAVE_LOG_LEVEL=# which messages', '.env': 'STACK_LOG_LEVEL=warn' };
  expect(loadWith(files).logLevel).toBe('warn');
});

test('without any file, everything is as it was', () => {
  expect(load({}, { PATH: '/bin' })).toMatchObject({ PATH: '/bin', NODE_ENV: 'development' });
});

function loadWith(files: Record<string, string>) {
  const source = load(files);
  return loadEnvironment(CATALOGUE, { environment: { ...source, HEXCLAVE_ENV_DIRECTORY: '/nonexistent' } });
}
