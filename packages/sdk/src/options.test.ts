import { afterEach, expect, test, vi } from 'vitest';
import { type ClientOptions, settingsOf } from './options.ts';

afterEach(() => vi.unstubAllEnvs());

const CANARY = 'sak_canary';

function problemOf(options: Partial<ClientOptions>): Error {
  try {
    settingsOf({ baseUrl: 'https://api.example.com', projectId: 'p', ...options });
  } catch (error) {
    expect(error).toMatchObject({ code: 'CLIENT_MISCONFIGURED', retryable: false });
    return error as Error;
  }
  throw new Error('It was accepted');
}

test.each([
  ['https://api.example.com', 'https://api.example.com/api/v1'],
  ['https://api.example.com/', 'https://api.example.com/api/v1'],
  ['http://localhost:8102', 'http://localhost:8102/api/v1'],
  ['https://example.com/hexclave/?x#y', 'https://example.com/hexclave/api/v1'],
])('baseUrl %s', (baseUrl, apiUrl) => {
  expect(settingsOf({ baseUrl, projectId: 'p' }).apiUrl).toBe(apiUrl);
});

test('only the strongest key is sent, with its access', () => {
  const keys = { publishableClientKey: 'pck_1', secretServerKey: 'ssk_1', superSecretAdminKey: 'sak_1' };
  expect(settingsOf({ baseUrl: 'https://a', projectId: 'p', keys }).headers).toEqual({
    'x-hexclave-access-type': 'admin',
    'x-hexclave-project-id': 'p',
    'x-hexclave-super-secret-admin-key': 'sak_1',
  });
  const { superSecretAdminKey, ...weaker } = keys;
  expect(settingsOf({ baseUrl: 'https://a', projectId: 'p', keys: weaker }).headers).toMatchObject({
    'x-hexclave-access-type': 'server',
    'x-hexclave-secret-server-key': 'ssk_1',
  });
});

test.each([`${CANARY}\n`, `${CANARY} `, `${CANARY}ü`, ''])(
  'a key that no header can carry: %j',
  (superSecretAdminKey) => {
    const { message } = problemOf({ keys: { superSecretAdminKey } });
    expect(message).toContain('keys.superSecretAdminKey');
    expect(message).not.toContain('canary');
  },
);

test.each(['', 'localhost:8102', 'ftp://a', `https://user:${CANARY}@a`])('baseUrl %j is refused', (baseUrl) => {
  expect(problemOf({ baseUrl }).message).not.toContain('canary');
});

test('an empty project is refused', () => {
  expect(problemOf({ projectId: '' }).message).toContain('projectId');
});

test('without options, the environment says where and who, and the admin key is never taken unasked', () => {
  vi.stubEnv('NEXT_PUBLIC_STACK_API_URL', 'https://stack.example.com');
  vi.stubEnv('HEXCLAVE_PROJECT_ID', 'p');
  vi.stubEnv('HEXCLAVE_SUPER_SECRET_ADMIN_KEY', 'sak_1');
  vi.stubEnv('STACK_SECRET_SERVER_KEY', 'ssk_1');
  expect(settingsOf({})).toMatchObject({
    apiUrl: 'https://stack.example.com/api/v1',
    headers: { 'x-hexclave-access-type': 'server', 'x-hexclave-secret-server-key': 'ssk_1' },
  });
  vi.stubEnv('NEXT_PUBLIC_SERVER_HEXCLAVE_API_URL', 'https://inside.example.com');
  expect(settingsOf({}).apiUrl).toBe('https://inside.example.com/api/v1');
});

test('what is missing is named as it is called now', () => {
  expect(() => settingsOf({ projectId: 'p' })).toThrow('The client has no baseUrl.');
  expect(() => settingsOf({ baseUrl: 'https://a' })).toThrow('The client has no projectId.');
});
