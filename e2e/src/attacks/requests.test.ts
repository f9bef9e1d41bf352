import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import { type Project, pathOf } from '../external-db-sync/support/project.ts';
import { headersFor, request, succeed } from '../support/api-client.ts';
import { connectionOf } from '../sync/harness.ts';

/** What an operator's shell may have for psql. Any of it would lead elsewhere, or in as somebody else. */
const FOR_PSQL = {
  PGHOST: 'elsewhere.example',
  PGHOSTADDR: '203.0.113.1',
  PGPORT: '1',
  PGDATABASE: 'elsewhere',
  PGUSER: 'elsewhere',
  PGOPTIONS: '-c default_transaction_read_only=on',
  PGSERVICE: 'elsewhere',
  PGSSLMODE: 'require',
};

let hexclave: Installation;
let project: Project;
let password: string;

beforeAll(async () => {
  hexclave = await createInstallation({ servers: 0 });
  password = connectionOf(hexclave.connectionString).password;
  await hexclave.startServer({
    environment: { ...FOR_PSQL, PGPASSWORD: password, HEXCLAVE_TRUSTED_PROXIES: '1' },
  });
  project = await hexclave.createProject();
});

afterAll(() => hexclave.close());

const configOf = async (): Promise<string> => (await succeed(project.admin.get('/internal/config'))).config_string;

describe('A3 a connection string that carries more than where to connect as whom', () => {
  test.each([
    ...['?host=/var/run/postgresql', '?host=10.0.0.1', '?hostaddr=10.0.0.1', '?port=1', '?user=x', '?password=CANARY'],
    ...['?options=-c%20search_path%3Dx', '?service=x', '?servicefile=/etc/x', '?passfile=/etc/passwd', '?dbname=x'],
    ...['?sslrootcert=/etc/ssl/ca.pem', '?sslcert=/etc/x', '?sslkey=/etc/x', '?sslrootcert=system', '?ssl=true'],
    ...['?application_name=x', '?target_session_attrs=any', '?sslmode=prefer', '?sslmode=allow', '?__proto__=x'],
  ])('%s is refused, and not repeated', async (parameters) => {
    await expectRefused(`postgresql://u:CANARY@db.example.com/shop${parameters}`);
  });

  test.each([
    'postgresql:///shop',
    'postgresql://u:CANARY@/shop',
    'postgresql://u:CANARY@%2Fvar%2Frun%2Fpostgresql/shop',
    'postgresql://u:CANARY@/var/run/postgresql/shop',
    'postgresql://u:CANARY@one.example,two.example/shop',
    'host=db.example.com user=u password=CANARY dbname=shop',
    'socket:/var/run/postgresql?db=CANARY',
    'jdbc:postgresql://db.example.com/shop?password=CANARY',
  ])('%s is refused, and not repeated', async (connectionString) => {
    await expectRefused(connectionString);
  });

  test('variables that are meant for psql are not looked at, least of all a password', async () => {
    const external = await project.addExternalDatabase();
    await project.converged(external);
    const url = new URL(external.database.connectionString);
    url.password = '';
    await project.configure({
      [pathOf('other')]: { type: 'postgres', connectionString: `${url.href}?sslmode=disable`, schema: 'other' },
    });
    expect(await project.failed({ ...external, id: 'other' })).toMatchObject({ errorCode: 'TARGET_SIGN_IN_FAILED' });
  });
});

async function expectRefused(connectionString: string): Promise<void> {
  const before = await configOf();
  const override = { [pathOf('refused')]: { type: 'postgres', connectionString, schema: 'refused' } };
  const answer = await project.admin.patch('/internal/config/override/environment', {
    config_override_string: JSON.stringify(override),
  });
  expect(answer).toMatchObject({ status: 400, body: { code: 'CONFIG_INVALID' } });
  expect(JSON.stringify(answer.body)).not.toContain('CANARY');
  expect(await configOf()).toBe(before);
}

describe('A5 line breaks, NUL, very long texts and other schemes', () => {
  test.each([
    'postgresql://u:CANARY@db.example.com/shop\r\nx: y',
    'postgresql://u:CANARY%0d%0a@db.example.com/shop',
    'postgresql://u:CANARY@db.example.com/shop\u0000',
    'postgresql://u:CANARY%00@db.example.com/shop',
    `postgresql://u:CANARY@${'a.'.repeat(50_000)}example/shop`,
    `postgresql://u:CANARY${'x'.repeat(100_000)}@db.example.com/shop`,
    ...['javascript:alert("CANARY")', 'file:///etc/passwd?CANARY', 'http://db.example.com/CANARY', '', ' '],
  ])('as a connection string: %.60j is a known error', async (connectionString) => {
    await expectRefused(connectionString);
  });

  test.each([
    ['display_name', 'x'.repeat(100_000)],
    ['display_name', 'x'.repeat(1_000_000)],
    ['profile_image_url', 'javascript:alert(1)'],
    ['profile_image_url', 'file:///etc/passwd'],
    ['primary_email', 'a@example.com\r\nBcc: b@example.com'],
    ['primary_email', `${'x'.repeat(100_000)}@example.com`],
  ])('as %s of a user: %.40j is a known error', async (field, value) => {
    const answer = await project.api.post('/users', { [field]: value });
    expect(answer).toMatchObject({ status: 400, body: { code: 'SCHEMA_ERROR' } });
    expect(answer.headers.get('x-hexclave-known-error')).toBe('SCHEMA_ERROR');
  });

  test('NUL in a body is a known error', async () => {
    const answer = await project.api.post('/users', { display_name: 'a\u0000b' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'BODY_PARSING_ERROR' } });
  });

  test('in a header that is logged, they end no line and begin none', async () => {
    await fetch(`${hexclave.server.url}/api/v1/users`, { headers: { 'x-request-id': 'a"b{}' } });
    for (const line of hexclave.server.output().trim().split('\n').filter(Boolean)) JSON.parse(line);
  });
});

describe('A12 names that would be markup', () => {
  test.each([
    '<img src=x onerror=alert(1)>',
    '</script><script>alert(1)</script>',
    '\u202egnp.exe',
    '"><svg/onload=alert(1)>',
  ])('%s is answered as data, under a policy that runs nothing', async (name) => {
    const { id } = await succeed(project.api.post('/users', { display_name: name }));
    for (const path of [`/users/${id}`, '/users']) {
      const answer = await project.api.get(path);
      expect(JSON.stringify(answer.body)).toContain(JSON.stringify(name).slice(1, -1));
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    }
  });

  test('the one page that there is runs nothing but itself and may not be framed', async () => {
    const page = await fetch(`${hexclave.server.url}/api/v1/docs`);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  });
});

describe('A13 requests that another site makes a browser send', () => {
  const FOREIGN = { origin: 'https://evil.example', referer: 'https://evil.example/', 'sec-fetch-site': 'cross-site' };

  test('cookies open nothing, and none are set', async () => {
    const keys = headersFor(project.keys, 'admin');
    const cookie = Object.entries(keys)
      .map(([name, value]) => `${name}=${value}`)
      .join('; ');
    for (const path of ['/users', '/internal/config', '/internal/api-keys']) {
      const answer = await request(`${hexclave.server.url}/api/v1${path}`, { headers: { ...FOREIGN, cookie } });
      expect(answer.status).toBe(400);
      expect(answer.body.code).toBe('ACCESS_TYPE_REQUIRED');
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'what a form can send (%s) changes nothing, even with keys',
    async (type) => {
      const before = await hexclave.db.query('SELECT count(*) FROM "ProjectUser"');
      const answer = await request(`${hexclave.server.url}/api/v1/users`, {
        method: 'POST',
        headers: { ...FOREIGN, ...headersFor(project.keys, 'server'), 'content-type': type },
        body: '{"display_name":"forged"}',
      });
      expect(answer).toMatchObject({ status: 400, body: { code: 'BODY_PARSING_ERROR' } });
      expect(await hexclave.db.query('SELECT count(*) FROM "ProjectUser"')).toEqual(before);
    },
  );

  test.each(['sequencer', 'poller'])(
    'a picture that leads to the cron route of the %s starts nothing',
    async (route) => {
      const url = `${hexclave.server.url}/api/latest/internal/external-db-sync/${route}?maxDurationMs=1000`;
      const answer = await request(url, { headers: { ...FOREIGN, 'sec-fetch-dest': 'image' } });
      expect(answer).toMatchObject({ status: 401, body: { code: 'INVALID_CRON_SECRET' } });
    },
  );
});

describe('A14 floods, of callers behind a reverse proxy', () => {
  const statusFor = async (forwardedFor: string): Promise<number> => {
    const headers = { ...headersFor(project.keys, 'server'), 'x-hexclave-secret-server-key': 'ssk_wrong' };
    const answer = await fetch(`${hexclave.server.url}/api/v1/users`, {
      headers: { ...headers, 'x-forwarded-for': forwardedFor },
    });
    await answer.body?.cancel();
    return answer.status;
  };

  test('wrong keys from one address are limited, those of others are not, whatever the flood writes before it', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 320; index++) statuses.push(await statusFor(`192.0.2.${index % 250}, 198.51.100.7`));
    expect(new Set(statuses.slice(0, 300))).toEqual(new Set([401]));
    expect(new Set(statuses.slice(300))).toEqual(new Set([429]));
    expect(await statusFor('198.51.100.8')).toBe(401);
    expect((await project.api.get('/users')).status).toBe(200);
  });
});

describe('A18 the command line', () => {
  test('of a running server shows no secret, also not to other users of the machine', async () => {
    const commandLine = await readFile(`/proc/${hexclave.server.pid}/cmdline`, 'utf8');
    for (const secret of hexclave.secrets) expect(commandLine).not.toContain(secret);
    expect(commandLine).not.toContain(password);
  });

  test('terminal escapes in what it is given are not printed', async () => {
    const refused = hexclave.startServer({
      environment: { HEXCLAVE_LOG_LEVEL: '\u001b]0;owned\u0007\u001b[2J\u202e', HEXCLAVE_HOST: '127.0.0.1' },
    });
    const error = await refused.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toContain('HEXCLAVE_LOG_LEVEL must be one of');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point.
    expect(error?.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});
