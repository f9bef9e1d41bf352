import { connect } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiClient, headersFor, request, succeed } from './support/api-client.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';

let server: ApiServer;
let userId: string;

beforeAll(async () => {
  server = await startApiServer();
  const user = await succeed(apiClient(server, 'server').post('/users', { display_name: 'Before' }));
  userId = user.id;
});

/** Sends exactly these bytes as a body. */
async function send(
  method: string,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  contentType = 'application/json',
) {
  const headers = { ...headersFor(server.keys.demo, 'server'), 'content-type': contentType };
  return await request(`${server.url}/api/v1${path}`, { method, headers, body });
}

/** The whole content of the tables that the API writes. */
async function everything(): Promise<string> {
  const tables = ['ProjectUser', 'ContactChannel', 'Team', 'TeamMember', 'DeletedRow', 'EnvironmentConfigOverride'];
  const contents = tables.map((table) => server.testDatabase.db.query(`SELECT t::text FROM "${table}" t ORDER BY 1`));
  return JSON.stringify(await Promise.all(contents));
}

/** The request is answered with that error, and nothing has changed. */
async function refused(answer: () => Promise<{ status: number; body: unknown }>, status: number, code: string) {
  const before = await everything();
  expect(await answer()).toMatchObject({ status, body: { code } });
  expect(await everything()).toBe(before);
}

const FIELDS: [string, unknown][] = [
  ['display_name', 5],
  ['display_name', { toString: 'x' }],
  ['display_name', 'x'.repeat(257)],
  ['display_name', 'x'.repeat(100_000)],
  ['display_name', 'line\r\nbreak'],
  ['display_name', 'escape \u001b[31m'],
  ['display_name', '\u0085'],
  ['profile_image_url', 'javascript:alert(1)'],
  ['profile_image_url', ' javascript:alert(1)'],
  ['profile_image_url', 'java\nscript:alert(1)'],
  ['profile_image_url', 'file:///etc/passwd'],
  ['profile_image_url', 'data:text/html;base64,PHNjcmlwdD4='],
  ['profile_image_url', 'data:image/svg+xml;base64,PHN2Zz4='],
  ['profile_image_url', '/relative.png'],
  ['profile_image_url', ''],
  ['profile_image_url', `https://example.com/${'x'.repeat(100_000)}`],
  ['primary_email', 'not an address'],
  ['primary_email', ''],
  ['primary_email', 'a@example.com\r\nBcc: b@example.com'],
  ['primary_email', `${'x'.repeat(300)}@example.com`],
  ['primary_email_verified', 'true'],
  ['primary_email_verified', true],
  ['primary_email_auth_enabled', 1],
  ['selected_team_id', 'x'],
  ['is_anonymous', true],
  ['client_metadata', 'x'.repeat(1_048_577)],
  ['id', '00000000-0000-4000-8000-000000000000'],
  ['signed_up_at_millis', 0],
  ['tenancyId', '00000000-0000-4000-8000-000000000000'],
  ['passwordHash', 'x'],
  ['constructor', {}],
];

describe('a field that is wrong', () => {
  it.each(FIELDS)('%s = %.40j changes nothing', async (field, value) => {
    const body = JSON.stringify({ display_name: 'After', [field]: value });
    await refused(() => send('PATCH', `/users/${userId}`, body), 400, 'SCHEMA_ERROR');
  });

  it('is named in the answer, without its value', async () => {
    const { body } = await send(
      'PATCH',
      `/users/${userId}`,
      JSON.stringify({ profile_image_url: 'file:///CANARY', x: 1 }),
    );
    expect(body.details.issues.map((issue: { path: string }) => issue.path)).toEqual([
      'body.profile_image_url',
      'body.x',
    ]);
    expect(JSON.stringify(body)).not.toContain('CANARY');
  });

  it.each([
    ['/teams', { display_name: '' }],
    ['/teams', { display_name: 'a\nb' }],
    ['/teams', {}],
    ['/teams', { display_name: 'x', creator_user_id: 'me' }],
    ['/contact-channels', { type: 'email', value: 'a@example.com' }],
    ['/contact-channels', { user_id: 'x', type: 'email', value: 'a@example.com' }],
    ['/contact-channels', { user_id: '00000000-0000-4000-8000-000000000000', type: 'phone', value: '1' }],
    ['/users', { primary_email_verified: true }],
    ['/users', { password: 'long enough' }],
    ['/users', { otp_auth_enabled: true }],
    ['/users', []],
    ['/users', null],
    ['/users', 'text'],
  ])('POST %s %j', async (path, body) => {
    await refused(() => send('POST', path, JSON.stringify(body)), 400, 'SCHEMA_ERROR');
  });
});

describe('a body that is not JSON as it should be', () => {
  it.each([
    ['nothing', ''],
    ['half of it', '{"display_name": "A'],
    ['two equal keys', '{"display_name": "A", "display_name": "B"}'],
    ['__proto__', '{"__proto__": {"is_anonymous": true}}'],
    ['__proto__ inside', '{"client_metadata": {"__proto__": {"admin": true}}}'],
    ['NUL', '{"display_name": "a\\u0000b"}'],
    ['NUL in metadata', '{"client_metadata": {"a": ["\\u0000"]}}'],
    ['NUL in a key of metadata', '{"client_metadata": {"\\u0000": 1}}'],
    ['a lone surrogate', '{"display_name": "\\ud800"}'],
    ['a lone surrogate in metadata', '{"server_metadata": "\\udfff"}'],
    ['a number beyond doubles', '{"client_metadata": 12345678901234567890}'],
    ['depth', `{"client_metadata": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('%s', async (_name, body) => {
    await refused(() => send('POST', '/users', body), 400, 'BODY_PARSING_ERROR');
    await refused(() => send('PATCH', `/users/${userId}`, body), 400, 'BODY_PARSING_ERROR');
  });

  it('of broken UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"display_name":"'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')]);
    await refused(() => send('POST', '/users', bytes), 400, 'BODY_PARSING_ERROR');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp'])(
    'of content type %s',
    async (contentType) => {
      await refused(() => send('POST', '/users', '{}', contentType), 400, 'BODY_PARSING_ERROR');
    },
  );

  it('of 50 MB is not read to its end', async () => {
    const body = Buffer.alloc(50 * 1024 * 1024, 'x');
    await refused(() => send('POST', '/users', body), 413, 'BODY_TOO_LARGE');
  });

  it('of 50 MB without a length is cut off', async () => {
    let sent = 0;
    const chunk = new Uint8Array(1024 * 1024).fill(0x20);
    const body = new ReadableStream({
      pull: (controller) => {
        sent += 1;
        if (sent > 50) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const headers = { ...headersFor(server.keys.demo, 'server'), 'content-type': 'application/json' };
    const answer = await request(`${server.url}/api/v1/users`, {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit);
    expect(answer).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  });
});

describe('a query or path that is wrong', () => {
  it.each([
    '/users?limit=0',
    '/users?limit=1001',
    '/users?limit=-1',
    '/users?limit=1e2',
    '/users?limit=',
    '/users?limit=5&limit=6',
    '/users?order_by=display_name',
    '/users?desc=yes',
    '/users?cursor=nonsense',
    `/users?cursor=${Buffer.from('["now()","x"]').toString('base64url')}`,
    `/users?cursor=${Buffer.from('["2020-01-01 00:00:00+00","x\'; DROP TABLE"]').toString('base64url')}`,
    `/users?cursor=${Buffer.from('["2020-13-45 99:00:00+00","00000000-0000-4000-8000-000000000000"]').toString('base64url')}`,
    '/users?team_id=x',
    '/users?unknown=1',
    '/users?__proto__=1',
    '/users?query=%00',
    `/users?query=${'x'.repeat(300)}`,
    '/users/x',
    '/users/%00',
    "/users/1'%20OR%201=1",
    '/contact-channels',
    '/team-member-profiles',
    '/teams/..%2F..',
  ])('GET %s', async (path) => {
    expect(await apiClient(server, 'server').get(path)).toMatchObject({ status: 400, body: { code: 'SCHEMA_ERROR' } });
  });

  it('of a search is taken literally', async () => {
    await succeed(apiClient(server, 'server').post('/users', { display_name: '100%_\\ sure' }));
    for (const [query, count] of [
      ['%', 1],
      ['_', 1],
      ['\\', 1],
      ['100%', 1],
      ['"; DROP TABLE "ProjectUser"; --', 0],
    ] as const) {
      const { items } = await succeed(apiClient(server, 'server').get(`/users?query=${encodeURIComponent(query)}`));
      expect(items).toHaveLength(count);
    }
  });

  it('of "me" says that nobody is signed in', async () => {
    expect(await apiClient(server, 'server').get('/users/me')).toMatchObject({
      status: 400,
      body: { code: 'CANNOT_GET_OWN_USER_WITHOUT_USER' },
    });
  });

  it('of no endpoint is not found, and of another method not allowed', async () => {
    expect(await request(`${server.url}/api/v1/nothing`, {})).toMatchObject({
      status: 404,
      body: { code: 'ROUTE_NOT_FOUND' },
    });
    expect(await request(`${server.url}/`, {})).toMatchObject({ status: 404, body: { code: 'ROUTE_NOT_FOUND' } });
    const answer = await request(`${server.url}/api/v1/users`, { method: 'PUT' });
    expect(answer).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(answer.headers.get('allow')).toBe('POST, GET');
  });
});

describe('text that only looks dangerous', () => {
  it.each([
    ['markup', '<img src=x onerror=alert(1)>'],
    ['right-to-left marks', '\u202eevil\u2066'],
    ['quotes', `'"\`;--$$\\`],
    ['emoji and joiners', '👩‍👩‍👧‍👦 é'],
  ])('%s is kept as it is, and answered as data', async (_name, text) => {
    const answer = await apiClient(server, 'server').post('/users', {
      display_name: text,
      server_metadata: { [text]: text },
    });
    const again = await apiClient(server, 'server').get(`/users/${answer.body.id}`);
    expect(again.body).toMatchObject({ display_name: text, server_metadata: { [text]: text } });
    expect(again.headers.get('content-type')).toBe('application/json');
    expect(again.headers.get('x-content-type-options')).toBe('nosniff');
    expect(again.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

describe('JSON metadata', () => {
  it.each([
    ['null', null],
    ['false', false],
    ['zero', 0],
    ['the empty string', ''],
    ['an array', [1, [2], { a: null }]],
    ['a string like an array of PostgreSQL', '{1,2}'],
    ['a big number', 2 ** 60],
    ['a small one', 5e-324],
    ['a megabyte', 'x'.repeat(1_000_000)],
    ['odd keys', { constructor: 1, toString: 2, '': 3, 'a.b': 4 }],
  ])('keeps %s', async (_name, value) => {
    const created = await succeed(apiClient(server, 'server').post('/users', { client_metadata: value }));
    expect(created.client_metadata).toEqual(value);
    expect((await apiClient(server, 'server').get(`/users/${created.id}`)).body.client_metadata).toEqual(value);
  });
});

describe('a malformed request', () => {
  it('does not bring the server down', async () => {
    const port = Number(new URL(server.url).port);
    for (const text of [
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
      '\u0000\u0001\u0002\r\n\r\n',
      'GET //[ HTTP/1.1\r\nHost: [\r\n\r\n',
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.end(text));
        socket.on('error', () => resolve());
        socket.on('close', () => resolve());
        socket.resume();
      });
    }
    expect((await request(`${server.url}/health`, {})).body).toEqual({ status: 'ok' });
  });
});
