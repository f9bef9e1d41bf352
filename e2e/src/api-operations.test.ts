import { ALL_ROUTES } from '@hexclave/contract';
import { createDatabase } from '@hexclave/db';
import { atEndOfFile } from '@hexclave/testing';
import { describe, expect, it } from 'vitest';
import { apiClient, headersFor, request, succeed } from './support/api-client.ts';
import { startApiServer } from './support/api-server.ts';

describe('the API', () => {
  it('is the same under /api/v1 and /api/latest', async () => {
    const server = await startApiServer();
    const init = { headers: headersFor(server.keys.demo, 'server') };
    const [v1, latest] = [
      await request(`${server.url}/api/v1/users`, init),
      await request(`${server.url}/api/latest/users`, init),
    ];
    expect(latest.body).toEqual(v1.body);
    expect(v1.body).toEqual({ is_paginated: true, items: [], pagination: { limit: 100, next_cursor: null } });
  });

  it('describes itself as OpenAPI 3.1 and on a page that needs nothing from elsewhere', async () => {
    const server = await startApiServer();
    const { body } = await request(`${server.url}/api/v1/openapi.json`, {});
    expect(body.openapi).toBe('3.1.0');
    const operations = Object.values<object>(body.paths).flatMap((path) => Object.values(path));
    expect(operations).toHaveLength(ALL_ROUTES.length);

    const page = await fetch(`${server.url}/api/latest/docs`);
    const text = await page.text();
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).not.toMatch(/<script|src=|href="http|url\(/);
    for (const route of ALL_ROUTES) expect(text).toContain(route.path);
  });

  it('says that it is well', async () => {
    const server = await startApiServer();
    for (const path of ['/health', '/api/v1/health']) {
      expect(await request(server.url + path, {})).toMatchObject({ status: 200, body: { status: 'ok' } });
    }
  });

  it('says that its database cannot be reached, and that trying again is worth it', async () => {
    const database = createDatabase({ connectionString: 'postgres://nobody:CANARY@127.0.0.1:1/nothing' });
    atEndOfFile(() => database.end());
    const server = await startApiServer({ database });
    for (const init of [{}, { headers: headersFor(server.keys.demo, 'server') }]) {
      const path = 'headers' in init ? '/api/v1/users' : '/health';
      const answer = await request(server.url + path, init);
      expect(answer).toMatchObject({ status: 503, body: { code: 'SERVICE_UNAVAILABLE' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect(server.logs()).not.toContain('CANARY');
  });

  it('may be called from any site, but carries no cookies', async () => {
    const server = await startApiServer();
    const preflight = await fetch(`${server.url}/api/v1/users`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example.com',
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'content-type,x-hexclave-project-id,x-stack-random-nonce',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-stack-random-nonce');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    const answer = await request(`${server.url}/api/v1/users`, { headers: { origin: 'https://app.example.com' } });
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-stack-actual-status');
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('has a place for the routes of the pipeline', async () => {
    const server = await startApiServer({
      mountInternalSyncRoutes: (api) => api.get('/internal/external-db-sync/poller', (c) => c.json({ ok: true })),
    });
    for (const root of ['v1', 'latest']) {
      const answer = await request(`${server.url}/api/${root}/internal/external-db-sync/poller`, {});
      expect(answer.body).toEqual({ ok: true });
    }
  });
});

describe('floods', () => {
  const few = { requests: 3, seconds: 60 };

  async function statuses(count: number, call: () => Promise<{ status: number }>): Promise<number[]> {
    const seen: number[] = [];
    for (let index = 0; index < count; index++) seen.push((await call()).status);
    return seen;
  }

  it('of server requests are limited by project', async () => {
    const server = await startApiServer({ config: { rateLimits: { server: few } } });
    const api = apiClient(server, 'server');
    expect(await statuses(5, () => api.get('/users'))).toEqual([200, 200, 200, 429, 429]);
    const limited = await api.post('/users', { display_name: 'x' });
    expect(limited.body).toMatchObject({ code: 'RATE_LIMITED' });
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await apiClient(server, 'server', server.keys.internal).get('/users')).status).toBe(200);
  });

  it('of wrong keys are limited by address, without hurting right ones from there', async () => {
    const server = await startApiServer({ config: { rateLimits: { failedAuthentication: few } } });
    const wrong = { ...headersFor(server.keys.demo, 'server'), 'x-hexclave-secret-server-key': 'ssk_x' };
    const call = () => request(`${server.url}/api/v1/users`, { headers: wrong });
    expect(await statuses(6, call)).toEqual([401, 401, 401, 429, 429, 429]);
    expect((await apiClient(server, 'server').get('/users')).status).toBe(200);
  });

  it('of requests without a key, or of clients, are limited by address', async () => {
    const server = await startApiServer({ config: { rateLimits: { client: few } } });
    expect(await statuses(5, () => request(`${server.url}/health`, {}))).toEqual([200, 200, 200, 429, 429]);
    expect((await apiClient(server, 'client').get('/projects/current')).status).toBe(429);
  });

  it('look to the published client like something to wait for, not like an error of its own', async () => {
    const server = await startApiServer({ config: { rateLimits: { server: few } } });
    const headers = { ...headersFor(server.keys.demo, 'server'), 'x-hexclave-override-error-status': 'true' };
    await statuses(3, () => request(`${server.url}/api/v1/users`, { headers }));
    const limited = await request(`${server.url}/api/v1/users`, { headers });
    expect(limited.headers.get('x-stack-actual-status')).toBe('429');
    expect(limited.headers.get('x-stack-known-error')).toBeNull();
    expect(limited.headers.get('retry-after')).not.toBeNull();
  });

  it('are let through when the limits are lifted', async () => {
    const server = await startApiServer({ config: { rateLimits: false } });
    const answers = await Promise.all(Array.from({ length: 200 }, () => apiClient(server, 'server').get('/users')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });
});

describe('the log', () => {
  it('has a line for each request with its id and route, and nothing secret or personal', async () => {
    const server = await startApiServer();
    const api = apiClient(server, 'server');
    const canary = 'canary';
    const user = await succeed(
      api.post('/users', {
        primary_email: `${canary}@example.com`,
        display_name: canary,
        password: `${canary}-password`,
      }),
    );
    await api.get(`/users?query=${canary}`);
    await api.post('/users', { primary_email: canary });
    await api.get(`/users/${user.id}?${canary}=${canary}`);
    await request(`${server.url}/${canary}`, {});
    const lines = server
      .logs()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ method: 'POST', route: 'POST /users', status: 201, access: 'server' });
    expect(lines.map(({ error_code }) => error_code)).toEqual([
      undefined,
      undefined,
      'SCHEMA_ERROR',
      undefined,
      'ROUTE_NOT_FOUND',
    ]);
    expect(server.logs()).not.toContain(canary);
    for (const key of Object.values(server.keys.demo).filter((value) => /^[ps][a-z]k_/.test(value))) {
      expect(server.logs()).not.toContain(key);
    }
  });

  it('keeps the request id of a proxy if it is one, and answers with it', async () => {
    const server = await startApiServer();
    const kept = await request(`${server.url}/health`, { headers: { 'x-request-id': 'from-the-proxy-1' } });
    expect(kept.headers.get('x-hexclave-request-id')).toBe('from-the-proxy-1');
    const replaced = await request(`${server.url}/health`, { headers: { 'x-request-id': 'no good: {}' } });
    expect(replaced.headers.get('x-stack-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('tells what failed inside without the row that it failed on, and so does the answer', async () => {
    const server = await startApiServer();
    await server.testDatabase.db.query(
      'ALTER TABLE "ProjectUser" ADD CONSTRAINT "surprise" CHECK ("displayName" NOT LIKE \'%CANARY%\')',
    );
    const answer = await apiClient(server, 'server').post('/users', { display_name: 'CANARY' });
    expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL_ERROR' } });
    const failure =
      server
        .logs()
        .split('\n')
        .find((line) => line.includes('request failed')) ?? '{}';
    expect(JSON.parse(failure)).toMatchObject({
      request_id: answer.body.details.request_id,
      failure: { code: '23514', constraint: 'surprise', table: 'ProjectUser' },
    });
    expect(server.logs() + JSON.stringify(answer.body)).not.toContain('CANARY');
  });
});
