import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { HttpEnvironment } from '../http/environment.ts';
import { assertOwnPages, type OriginConfig, ownOrigin } from './origin.ts';
import { createSessionCookie } from './session-cookie.ts';

const DIRECT: OriginConfig = { dashboardUrl: undefined, trustedProxies: 0 };
const BEHIND_PROXY: OriginConfig = { dashboardUrl: undefined, trustedProxies: 1 };
const NAMED: OriginConfig = { dashboardUrl: 'https://hexclave.example.com/', trustedProxies: 0 };

type Headers = Record<string, string>;

/** `allowed`, or the code that the request is refused with. */
async function judge(config: OriginConfig, method: string, headers: Headers): Promise<string> {
  const app = new Hono<HttpEnvironment>();
  app.onError((error, c) => c.text((error as Error & { code: string }).code));
  app.all('/', (c) => {
    assertOwnPages(c, config);
    return c.text('allowed');
  });
  return (await app.request('/', { method, headers: { host: 'dash.test:8101', ...headers } })).text();
}

const OWN = { origin: 'http://dash.test:8101' };

describe('a request that may change something', () => {
  test.each<[string, Headers, string]>([
    ['names our own origin', OWN, 'allowed'],
    ['and the browser says that it is ours', { ...OWN, 'sec-fetch-site': 'same-origin' }, 'allowed'],
    ['names no origin', {}, 'CROSS_SITE_REQUEST'],
    ['names another site', { origin: 'https://evil.test' }, 'CROSS_SITE_REQUEST'],
    ['names another port', { origin: 'http://dash.test:8102' }, 'CROSS_SITE_REQUEST'],
    ['names another scheme', { origin: 'https://dash.test:8101' }, 'CROSS_SITE_REQUEST'],
    ['names none on purpose, as a sandboxed frame does', { origin: 'null' }, 'CROSS_SITE_REQUEST'],
    ['names a longer name', { origin: 'http://dash.test:8101.evil.test' }, 'CROSS_SITE_REQUEST'],
    ['comes from a sibling host', { ...OWN, 'sec-fetch-site': 'same-site' }, 'CROSS_SITE_REQUEST'],
    ['comes from another site', { ...OWN, 'sec-fetch-site': 'cross-site' }, 'CROSS_SITE_REQUEST'],
  ])('%s', async (_what, headers, outcome) => {
    for (const method of ['POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await judge(DIRECT, method, headers)).toBe(outcome);
    }
  });
});

describe('a request that only reads', () => {
  test.each<[string, Headers, string]>([
    ['needs no origin, since browsers send none with it', {}, 'allowed'],
    ['comes from our own page', { 'sec-fetch-site': 'same-origin' }, 'allowed'],
    ['comes from another site', { 'sec-fetch-site': 'cross-site' }, 'CROSS_SITE_REQUEST'],
    ['names another origin', { origin: 'https://evil.test' }, 'CROSS_SITE_REQUEST'],
    ['was typed into the address bar', { 'sec-fetch-site': 'none' }, 'CROSS_SITE_REQUEST'],
  ])('%s', async (_what, headers, outcome) => {
    expect(await judge(DIRECT, 'GET', headers)).toBe(outcome);
  });
});

describe('behind a proxy that ends TLS', () => {
  test('its word for https is believed where a proxy is trusted, and only there', async () => {
    const headers = { origin: 'https://dash.test:8101', 'x-forwarded-proto': 'https' };
    expect(await judge(BEHIND_PROXY, 'POST', headers)).toBe('allowed');
    expect(await judge(DIRECT, 'POST', headers)).toBe('CROSS_SITE_REQUEST');
  });

  test('the address that the operator has named counts, whatever host is asked for', async () => {
    expect(await judge(NAMED, 'POST', { origin: 'https://hexclave.example.com' })).toBe('allowed');
    expect(await judge(NAMED, 'POST', OWN)).toBe('CROSS_SITE_REQUEST');
  });
});

describe('the cookie', () => {
  async function cookieOf(config: OriginConfig): Promise<string> {
    const cookie = createSessionCookie((c) => ownOrigin(c, config));
    const app = new Hono<HttpEnvironment>();
    app.get('/', (c) => {
      cookie.set(c, 'x'.repeat(43));
      return c.text('');
    });
    return (await app.request('/', { headers: { host: 'dash.test:8101' } })).headers.get('set-cookie') ?? '';
  }

  test('over https is one that browsers take from this host only, and send encrypted only', async () => {
    const cookie = await cookieOf(NAMED);
    expect(cookie).toMatch(/^__Host-hexclave-session=x/);
    expect(cookie).toContain('; Secure');
  });

  test('over http names the port, so that several on one machine do not sign each other out', async () => {
    const cookie = await cookieOf(DIRECT);
    expect(cookie).toMatch(/^hexclave-session-8101=x/);
    expect(cookie).not.toContain('Secure');
  });

  test.each(['', 'a b', 'dash.test:99999'])(
    'is none of ours for a host like %j, which no browser asks for',
    async (host) => {
      const cookie = createSessionCookie((c) => ownOrigin(c, DIRECT));
      const app = new Hono<HttpEnvironment>();
      app.onError((error, c) => c.text((error as Error & { code: string }).code));
      app.get('/', (c) => c.text(String(cookie.read(c))));
      expect(await (await app.request('/', { headers: { host } })).text()).toBe('CROSS_SITE_REQUEST');
    },
  );
});
