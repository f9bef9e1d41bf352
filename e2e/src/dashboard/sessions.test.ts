import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { type DashboardServer, startDashboard } from './support/dashboard.ts';

/** The dashboard's server as a program talks to it that is no browser: everything here must hold without one. */
let server: DashboardServer;

beforeAll(async () => {
  server = await startDashboard({ HEXCLAVE_EXTERNAL_DB_SYNC_RUN_LOOPS: 'false' });
});

type Options = { method?: string; cookie?: string; headers?: Record<string, string>; body?: unknown };

/** A request as the dashboard's own pages send it, unless `headers` say otherwise. */
function send(path: string, { method = 'GET', cookie, headers = {}, body }: Options = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method,
    headers: {
      origin: server.url,
      'sec-fetch-site': 'same-origin',
      ...(cookie !== undefined && { cookie }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

type Keys = DashboardServer['demo'];

function signInWith({ projectId, superSecretAdminKey }: Keys, cookie?: string): Promise<Response> {
  return send('/session', {
    method: 'POST',
    ...(cookie !== undefined && { cookie }),
    body: { project_id: projectId, super_secret_admin_key: superSecretAdminKey },
  });
}

/** Name and value, as the browser sends them back. */
function cookieOf(response: Response): string {
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

async function sessionOf(cookie: string): Promise<unknown> {
  return ((await (await send('/session', { cookie })).json()) as { session: unknown }).session;
}

async function codeOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { code: unknown }).code;
}

describe('a session', () => {
  test('is a cookie that scripts cannot read and that no other site makes the browser send', async () => {
    const response = await signInWith(server.demo);
    expect(response.status).toBe(201);
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; HttpOnly(;|$)/);
    expect(cookie).toMatch(/; SameSite=Strict(;|$)/);
    expect(cookie).toMatch(/; Path=\/(;|$)/);
    expect(cookie).not.toMatch(/Domain=/);
    expect(await response.text()).not.toContain(cookieOf(response).split('=')[1]);
  });

  test('is kept as a hash, so that a stolen dump opens nothing', async () => {
    const [, token = ''] = cookieOf(await signInWith(server.demo)).split('=');
    const rows = await server.database.db.query<{ text: string }>(`SELECT s::text AS "text" FROM "DashboardSession" s`);
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test('opens its own project and no other', async () => {
    const cookie = cookieOf(await signInWith(server.demo));
    expect((await send('/api/v1/users', { cookie })).status).toBe(200);
    expect((await send('/api/v1/internal/projects', { cookie })).status).toBe(401);
    const foreign = await send('/api/v1/users', { cookie, headers: { 'x-hexclave-project-id': 'internal' } });
    expect([foreign.status, await codeOf(foreign)]).toEqual([404, 'PROJECT_NOT_FOUND']);
  });

  test('of an operator opens every project, and says in the audit log that it was the operator', async () => {
    const cookie = cookieOf(await signInWith(server.internal));
    const about = { cookie, headers: { 'x-hexclave-project-id': server.demo.projectId } };
    expect((await send('/api/v1/users', about)).status).toBe(200);
    const renamed = await send('/api/v1/internal/projects/current', {
      ...about,
      method: 'PATCH',
      body: { description: 'by the operator' },
    });
    expect(renamed.status).toBe(200);
    const log = (await (await send('/api/v1/internal/audit-log', { cookie })).json()) as { items: unknown[] };
    expect(log.items[0]).toMatchObject({
      action: 'project.update',
      project_id: server.demo.projectId,
      actor: { kind: 'operator', origin: 'dashboard' },
    });
  });

  test('ends when one signs out, on the server too', async () => {
    const cookie = cookieOf(await signInWith(server.demo));
    expect(await sessionOf(cookie)).toMatchObject({ project_id: server.demo.projectId, is_operator: false });
    expect((await send('/session', { method: 'DELETE', cookie })).status).toBe(200);
    expect(await sessionOf(cookie)).toBeNull();
    expect(await codeOf(await send('/api/v1/users', { cookie }))).toBe('DASHBOARD_SESSION_REQUIRED');
  });

  test.each([
    ['signs out', 1_000, (cookie: string) => send('/session', { method: 'DELETE', cookie })],
    ['signs in as somebody else', 1_000, (cookie: string) => signInWith(server.internal, cookie)],
    // What another server process does is found in the database.
    ['signs out elsewhere', 5_000, () => server.database.db.query('DELETE FROM "DashboardSession"')],
  ])('ends its streams within moments when one %s', async (_deed, withinMs, end) => {
    const cookie = cookieOf(await signInWith(server.demo));
    const stream = await send('/api/v1/internal/external-db-sync/status/stream', { cookie });
    expect(stream.status).toBe(200);
    const reader = stream.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await end(cookie);
    const endedAt = performance.now();
    while (!(await reader?.read())?.done);
    expect(performance.now() - endedAt).toBeLessThan(withinMs);
  });

  test('ends with the key that it was begun with', async () => {
    const operator = cookieOf(await signInWith(server.internal));
    const created = await send(`/api/v1/internal/api-keys?project_id=${server.demo.projectId}`, {
      method: 'POST',
      cookie: operator,
      body: {
        description: 'to be revoked',
        expires_at_millis: Date.now() + 60_000,
        has_publishable_client_key: false,
        has_secret_server_key: false,
        has_super_secret_admin_key: true,
      },
    });
    const { id, super_secret_admin_key } = (await created.json()) as { id: string; super_secret_admin_key: string };
    const keys = { projectId: server.demo.projectId, superSecretAdminKey: super_secret_admin_key };
    const cookie = cookieOf(await signInWith(keys));
    expect(await sessionOf(cookie)).not.toBeNull();
    await send(`/api/v1/internal/api-keys/${id}?project_id=${keys.projectId}`, {
      method: 'PATCH',
      cookie: operator,
      body: { revoked: true },
    });
    expect(await sessionOf(cookie)).toBeNull();
    expect((await signInWith(keys)).status).toBe(401);
  });

  test.each([
    ['nobody has used it for half a day', `"lastUsedAt" = now() - interval '13 hours'`],
    ['it is a week old', `"expiresAt" = now() - interval '1 second'`],
  ])('ends when %s', async (_when, change) => {
    const cookie = cookieOf(await signInWith(server.demo));
    expect(await sessionOf(cookie)).not.toBeNull();
    await server.database.db.query(`UPDATE "DashboardSession" SET ${change}`);
    expect(await sessionOf(cookie)).toBeNull();
    // The next sign-in clears away what has ended.
    await signInWith(server.demo);
    expect(await server.database.db.query('SELECT 1 FROM "DashboardSession"')).toHaveLength(1);
  });

  test('goes on while a person uses it, and not for what a page asks by itself', async () => {
    const cookie = cookieOf(await signInWith(server.demo));
    const unusedHours = async () => {
      const [row] = await server.database.db.query<{ hours: number }>(
        'SELECT (EXTRACT(epoch FROM now() - max("lastUsedAt")) / 3600)::int AS hours FROM "DashboardSession"',
      );
      return row?.hours;
    };
    await server.database.db.query(`UPDATE "DashboardSession" SET "lastUsedAt" = now() - interval '11 hours'`);
    expect(await sessionOf(cookie)).not.toBeNull();
    expect((await send('/api/v1/users', { cookie })).status).toBe(200);
    expect(await unusedHours()).toBe(11);
    expect((await send('/session/use', { method: 'POST', cookie })).status).toBe(200);
    expect(await unusedHours()).toBe(0);
    await send('/session', { method: 'DELETE', cookie });
    const refused = await send('/session/use', { method: 'POST', cookie });
    expect([refused.status, await codeOf(refused)]).toEqual([401, 'DASHBOARD_SESSION_REQUIRED']);
  });

  test('takes the place of the one before, in the same browser', async () => {
    const first = cookieOf(await signInWith(server.demo));
    await signInWith(server.internal, first);
    expect(await sessionOf(first)).toBeNull();
  });
});

describe('the audit log', () => {
  type Event = { action: string; result: string; project_id: string | null; actor: object; after: object | null };

  async function events(cookie: string, action: string): Promise<Event[]> {
    const answer = await send(`/api/v1/internal/audit-log?action=${action}`, { cookie });
    return ((await answer.json()) as { items: Event[] }).items;
  }

  test('says who signed in and out, and how often somebody could not, without a secret', async () => {
    const cookie = cookieOf(await signInWith(server.demo));
    const keyHint = server.demo.superSecretAdminKey.slice(-4);
    const [signedIn] = await events(cookie, 'session.sign_in');
    expect(signedIn).toMatchObject({
      ...{ result: 'done', project_id: server.demo.projectId, after: { by: 'key', address: '127.0.0.1' } },
      actor: { kind: 'owner', key_hint: keyHint, origin: 'dashboard' },
    });
    const second = cookieOf(await signInWith(server.demo));
    await send('/session', { method: 'DELETE', cookie: second });
    expect((await events(cookie, 'session.sign_out'))[0]).toMatchObject({
      result: 'done',
      actor: { key_hint: keyHint },
    });

    const attempts = (event: Event | undefined) =>
      Number((event?.after as { attempts?: number } | undefined)?.attempts ?? 0);
    const failures = async () => (await events(cookie, 'session.sign_in')).filter(({ result }) => result === 'failed');
    const before = attempts((await failures())[0]);
    const wrong = { ...server.demo, superSecretAdminKey: server.internal.superSecretAdminKey };
    for (let attempt = 0; attempt < 3; attempt++) expect((await signInWith(wrong)).status).toBe(401);
    const failed = await failures();
    expect(failed).toMatchObject([
      {
        ...{ project_id: server.demo.projectId, actor: { kind: 'unknown', key_set_id: null, key_hint: null } },
        after: { by: 'key', cause: 'wrong_key', attempts: before + 3, address: '127.0.0.1' },
      },
    ]);
    const log = JSON.stringify([signedIn, failed]);
    for (const { superSecretAdminKey } of [server.demo, server.internal]) {
      expect(log).not.toContain(superSecretAdminKey);
    }
  });
});

describe('signing in', () => {
  test('with a wrong key, to a project that is not there, or with another key than an admin’s is refused alike', async () => {
    const wrong = `${server.demo.superSecretAdminKey.slice(0, -1)}!`;
    const answers = await Promise.all([
      signInWith({ ...server.demo, superSecretAdminKey: wrong }),
      signInWith({ ...server.demo, projectId: 'nobody' }),
      signInWith({ ...server.demo, superSecretAdminKey: server.internal.superSecretAdminKey }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(await Promise.all(answers.map(codeOf))).toEqual(Array(3).fill('INVALID_SUPER_SECRET_ADMIN_KEY'));
    expect(answers.map((answer) => answer.headers.get('set-cookie'))).toEqual([null, null, null]);
  });

  test('by the printed link works once', async () => {
    const token = new URL(server.signInLink).hash.slice(1);
    const first = await send('/session/link', { method: 'POST', body: { token } });
    expect(first.status).toBe(201);
    expect(await first.json()).toMatchObject({ project_id: 'internal', is_operator: true });
    const second = await send('/session/link', { method: 'POST', body: { token } });
    expect([second.status, await codeOf(second)]).toEqual([401, 'SIGN_IN_LINK_INVALID']);
  });

  test('goes into no log: neither key nor token', () => {
    // The announcement shows them, to whoever has started the server; the lines of the log are JSON.
    const lines = server.program
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.length).toBeGreaterThan(0);
    const log = lines.join('\n');
    expect(log).not.toContain(server.demo.superSecretAdminKey);
    expect(log).not.toContain(new URL(server.signInLink).hash.slice(1));
  });

  test('too often from one address is refused for a while', async () => {
    let status = 0;
    for (let attempt = 0; attempt < 40 && status !== 429; attempt++) {
      ({ status } = await signInWith({ ...server.demo, projectId: 'nobody' }));
    }
    expect(status).toBe(429);
  });
});

describe('the pages', () => {
  test('come with a policy that lets nothing in from elsewhere and nothing inline', async () => {
    const response = await send('/');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("style-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    for (const { headers } of [response, await send('/api/v1/health')]) {
      expect(headers.get('strict-transport-security')).toBe('max-age=15552000');
    }
  });

  test('are looked at anew each time, while the files that they name are kept for good', async () => {
    const page = await send('/projects');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const { first, later } = await scriptsOf(await page.text());
    for (const { cacheControl } of [...first, ...later]) expect(cacheControl).toContain('immutable');
    expect((await send('/', { headers: { 'if-none-match': page.headers.get('etag') ?? '' } })).status).toBe(304);
  });

  test('begin with little script, and load the rest when a page needs it', async () => {
    const { first, later } = await scriptsOf(await (await send('/')).text());
    expect(first.reduce((sum, { packedBytes }) => sum + packedBytes, 0)).toBeLessThan(MOST_BEFORE_THE_FIRST_PAGE);
    expect(later.length).toBeGreaterThan(2);
    for (const { packedBytes } of later) expect(packedBytes).toBeLessThan(MOST_OF_ONE_FILE);
  });

  test.each(['/assets/missing.js', '/..%2f..%2fpackage.json', '/%2e%2e/%2e%2e/etc/passwd.txt', '/favicon.ico'])(
    'there is no %s',
    async (path) => {
      expect((await send(path)).status).toBe(404);
    },
  );
});

/** What travels, compressed, in bytes. The libraries that every page needs are most of it. */
const MOST_BEFORE_THE_FIRST_PAGE = 135_000;
const MOST_OF_ONE_FILE = 35_000;

type Script = { packedBytes: number; cacheControl: string | null; text: string };

async function loadScript(path: string): Promise<Script> {
  const file = await send(path);
  expect(file.status, path).toBe(200);
  const text = await file.text();
  return { text, packedBytes: gzipSync(text).length, cacheControl: file.headers.get('cache-control') };
}

/** The scripts that a page names itself, and those that these load later. */
async function scriptsOf(page: string): Promise<{ first: Script[]; later: Script[] }> {
  const named = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path = '']) => path);
  const first = await Promise.all(named.map(loadScript));
  const mentioned = first.flatMap(({ text }) => [...text.matchAll(/["'`](?:\.\/|assets\/)([\w-]+\.js)["'`]/g)]);
  const paths = new Set(mentioned.map(([, name]) => `/assets/${name}`));
  const later = [...paths].filter((path) => !named.includes(path));
  return { first, later: await Promise.all(later.map(loadScript)) };
}
