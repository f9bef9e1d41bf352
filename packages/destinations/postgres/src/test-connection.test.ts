import type { Socket } from 'node:net';
import { hostileServer } from '@hexclave/testing';
import { expect, test } from 'vitest';
import { testConnection } from './test-connection.ts';

const place = {
  schema: 'hexclave',
  owner: { tenancyId: 'a tenancy', externalDatabaseId: 'main', siblingIds: [] },
  tables: [],
};
const TIMEOUT_MS = 500;

function tested(port: number, mode: 'disable' | 'verify-full', allowPrivateHosts = true) {
  const connection = { host: '127.0.0.1', port, user: 'u', password: 'p', database: 'd', tls: { mode } };
  return testConnection(connection, place, {
    allowPrivateHosts,
    connectTimeoutMs: TIMEOUT_MS,
    linkTimeoutMs: TIMEOUT_MS,
  });
}

const AUTHENTICATED_AND_READY = Buffer.from('520000000800000000' + '5a0000000549', 'hex');
const ROW_OF_64_KB = Buffer.concat([
  Buffer.from('440000fff60001 0000fff0'.replaceAll(' ', ''), 'hex'),
  Buffer.alloc(0xfff0, 'x'),
]);

test.each([
  ['says nothing', 'sign_in', 'disable', () => undefined],
  ['says nothing when TLS is asked for', 'tls', 'verify-full', () => undefined],
  ['refuses TLS', 'tls', 'verify-full', (socket) => socket.once('data', () => socket.write('N'))],
  ['says nothing after the sign-in', 'privileges', 'disable', (socket) => socket.write(AUTHENTICATED_AND_READY)],
  ['hangs up', 'sign_in', 'disable', (socket) => socket.destroy()],
  [
    'answers without end',
    'privileges',
    'disable',
    (socket) => {
      socket.write(AUTHENTICATED_AND_READY);
      socket.on('drain', () => socket.write(ROW_OF_64_KB));
      socket.once('data', () => socket.once('data', () => socket.write(ROW_OF_64_KB)));
    },
  ],
] as [string, string, 'disable' | 'verify-full', (socket: Socket) => unknown][])(
  'a server that %s fails the test at %s, in bounded time',
  async (_, step, mode, behave) => {
    const begun = performance.now();
    const { steps } = await tested(await hostileServer(behave), mode);
    expect(steps.find(({ outcome }) => outcome === 'failed')?.step).toBe(step);
    expect(performance.now() - begun).toBeLessThan(10 * TIMEOUT_MS);
  },
);

test('a host that is not allowed is not connected to', async () => {
  let connections = 0;
  const port = await hostileServer(() => connections++);
  const { steps } = await tested(port, 'disable', false);
  expect(steps[0]).toMatchObject({ step: 'dns', outcome: 'failed', failure: { code: 'TARGET_ADDRESS_REFUSED' } });
  expect(steps.slice(1).every(({ outcome }) => outcome === 'skipped')).toBe(true);
  expect(connections).toBe(0);
});
