import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { clientAddress } from './client-address.ts';
import type { HttpEnvironment } from './environment.ts';

/** What a request counts for that was sent from `from`, with that X-Forwarded-For. */
async function addressOf(from: string, trustedProxies: number, forwardedFor?: string): Promise<string> {
  const app = new Hono<HttpEnvironment>();
  app.get('/', (c) => c.text(clientAddress(c, trustedProxies)));
  const headers: Record<string, string> = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const bindings = { incoming: { socket: { remoteAddress: from } } } as HttpEnvironment['Bindings'];
  const answer = await app.request('/', { headers }, bindings);
  return answer.text();
}

describe('without a proxy', () => {
  test('the connection says who is calling, whatever a header says', async () => {
    expect(await addressOf('203.0.113.7', 0, '198.51.100.1')).toBe('203.0.113.7');
  });

  test('an IPv4 address is the same in its IPv6 form', async () => {
    expect(await addressOf('::ffff:203.0.113.7', 0)).toBe('203.0.113.7');
  });

  test('all addresses of an IPv6 network count as one, however they are written', async () => {
    const network = await addressOf('2001:db8::1', 0);
    expect(await addressOf('2001:db8::2', 0)).toBe(network);
    expect(await addressOf('2001:0db8:0:0:ffff::3', 0)).toBe(network);
    expect(await addressOf('2001:db8:0:1::1', 0)).not.toBe(network);
  });
});

describe('behind proxies', () => {
  test('the caller is the one that the outermost trusted proxy saw', async () => {
    expect(await addressOf('10.0.0.1', 1, '198.51.100.1')).toBe('198.51.100.1');
    expect(await addressOf('10.0.0.1', 2, '198.51.100.1, 10.0.0.2')).toBe('198.51.100.1');
  });

  test('what the caller itself has written before that counts for nothing', async () => {
    expect(await addressOf('10.0.0.1', 1, '192.0.2.1, 192.0.2.2,198.51.100.1')).toBe('198.51.100.1');
  });

  test.each([undefined, '', 'unknown', 'localhost', '<script>', '1.2.3', '198.51.100.1 or so'])(
    'with %j in the place of an address, the connection says who is calling',
    async (header) => {
      expect(await addressOf('10.0.0.1', 1, header)).toBe('10.0.0.1');
    },
  );

  test('a request that did not come through all of them counts for the one that connected', async () => {
    expect(await addressOf('10.0.0.1', 2, '198.51.100.1')).toBe('10.0.0.1');
  });

  test.each([
    ['198.51.100.1:4711', '198.51.100.1'],
    ['[2001:db8::1]:4711', '2001:db8:0:0::/64'],
    ['[2001:db8::1]', '2001:db8:0:0::/64'],
  ])('%s is taken without its port', async (header, address) => {
    expect(await addressOf('10.0.0.1', 1, header)).toBe(address);
  });
});
