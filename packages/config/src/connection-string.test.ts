import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayOf, parseConnectionString } from './connection-string.ts';

/** Self-signed, of nobody; its key was thrown away. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUTEgcb71O7yzGq+CL1Te2z3A6GXUwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNaGV4Y2xhdmUtdGVzdDAgFw0yNjExMjIxNzUxMzVaGA8yMTI2
MTAyOTE3NTEzNVowGDEWMBQGA1UEAwwNaGV4Y2xhdmUtdGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABEb6hMO57f5AfZW/PYpb2/RzcX/xub94YmIQ9cCbkjRo
NIppNfp5vqEcgHGgElFCLTVzG3303EkXB65n6FnaCCGjUzBRMB0GA1UdDgQWBBQn
1JcMWFgfL4d4Dp6GJjaVlidN5zAfBgNVHSMEGDAWgBQn1JcMWFgfL4d4Dp6GJjaV
lidN5zAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIC4wnlogbAg/
Wy1Tw8ySLZf7LvV64Xg6E2EndtygXYCuAiEA1gfK1PWXjESLOrJYONDuHox06wDu
85ZuvjMdc2kTkek=
-----END CERTIFICATE-----
`;

function connectionOf(text: string) {
  const result = parseConnectionString(text);
  if (!result.ok) throw new Error(result.problem);
  return result.connection;
}

function problemOf(text: string): string {
  const result = parseConnectionString(text);
  if (result.ok) throw new Error('the string was taken');
  return result.problem;
}

describe('a connection string that is taken', () => {
  it('becomes fields, and checks certificates unless told otherwise', () => {
    expect(connectionOf('postgresql://ada:secret@db.example.com:6543/shop')).toEqual({
      host: 'db.example.com',
      port: 6543,
      user: 'ada',
      password: 'secret',
      database: 'shop',
      tls: { mode: 'verify-full' },
    });
  });

  it('may leave out port and password', () => {
    expect(connectionOf('postgres://ada@db/shop')).toMatchObject({ port: 5432, password: '' });
  });

  it('may have a colon, and encoded @ / # ? % and emoji in its password', () => {
    expect(connectionOf('postgres://a:p:%40%2F%23%3F%25%F0%9F%98%80@db/shop').password).toBe('p:@/#?%😀');
  });

  it.each([
    ['[::1]', '::1'],
    ['[2001:DB8::1]', '2001:db8::1'],
    ['10.0.0.1', '10.0.0.1'],
    ['DB.Example.COM.', 'db.example.com'],
    ['my_host', 'my_host'],
  ])('takes the host %s', (written, host) => {
    expect(connectionOf(`postgres://a:b@${written}:5432/shop`).host).toBe(host);
  });

  it.each(['verify-full', 'verify-ca', 'require', 'no-verify', 'disable'])('takes sslmode=%s', (mode) => {
    expect(connectionOf(`postgres://a:b@db/shop?sslmode=${mode}`).tls).toEqual({ mode });
  });

  it('takes a certificate written out, and leaves out what surrounds it', () => {
    const text = `postgres://a:b@db/shop?sslrootcert=${encodeURIComponent(`of our own CA:\r\n${CERTIFICATE}`)}`;
    expect(connectionOf(text).tls).toEqual({ mode: 'verify-full', ca: CERTIFICATE });
  });

  it('survives building and parsing for any user, password and database', () => {
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 15 })
      .filter((text) => !/[\p{Cc}\p{Surrogate}]/u.test(text));
    fc.assert(
      fc.property(name, name, name, fc.integer({ min: 1, max: 65_535 }), (user, password, database, port) => {
        const text = `postgres://${[user, password].map(encodeURIComponent).join(':')}@db:${port}/${encodeURIComponent(database)}`;
        expect(connectionOf(text)).toMatchObject({ user, password, database, port });
      }),
    );
  });

  it('shows everything but the password', () => {
    const shown = displayOf(connectionOf('postgres://ada:secret@db/shop'));
    expect(shown).toEqual({ host: 'db', port: 5432, database: 'shop', user: 'ada' });
  });
});

describe('a connection string that is refused', () => {
  it.each([
    ['', /must look like/],
    ['db.example.com/shop', /must look like/],
    ['host=db user=ada', /spaces/],
    ['mysql://a:b@db/shop', /must look like/],
    ['postgres://a:b@db:5432', /no database/],
    ['postgres://a:b@db/', /no database/],
    ['postgres://a:b@db/shop/more', /more than a database/],
    ['postgres://db/shop', /no user/],
    ['postgres://:b@db/shop', /no user/],
    ['postgres://a:b@/shop', /no host/],
    ['postgres:///shop', /no user/],
    ['postgres://a:b@:5432/shop', /no host/],
    ['postgres://a:b@%2Fvar%2Frun%2Fpostgresql/shop', /socket/],
    ['postgres://a:b@one,two/shop', /more than one host/],
    ['postgres://a:b@one:1,two:2/shop', /more than one host/],
    ['postgres://a:p@ss@db/shop', /more than one @/],
    ['postgres://a:p#ss@db/shop', /%23/],
    ['postgres://a:b@::1/shop', /brackets/],
    ['postgres://a:b@[::1%25eth0]/shop', /encoded host/],
    ['postgres://a:b@[nonsense]/shop', /IPv6/],
    ['postgres://a:b@-db/shop', /malformed host/],
    ['postgres://a:b@db..com/shop', /malformed host/],
    ['postgres://a:b@dätenbank/shop', /malformed host/],
    ['postgres://a:b@db:0/shop', /port/],
    ['postgres://a:b@db:65536/shop', /port/],
    ['postgres://a:b@db:54x/shop', /port/],
    ['postgres://a:%zz@db/shop', /percent-encoding/],
    ['postgres://a:%ff@db/shop', /percent-encoding/],
    ['postgres://a:%00@db/shop', /control characters/],
    ['postgres://a%0D%0A:b@db/shop', /control characters/],
    ['postgres://a:b@db/shop\n', /control characters/],
    ['postgres://a:b@db/sh\u0000op', /control characters/],
    ['postgres://a:b@db/my shop', /%20/],
    [`postgres://a:${'x'.repeat(5_000)}@db/shop`, /too long/],
    [`postgres://a:b@db/shop?sslrootcert=${'x'.repeat(100_000)}`, /too long/],
    [`postgres://${'u'.repeat(64)}:b@db/shop`, /63 bytes/],
    [`postgres://a:b@db/${'d'.repeat(64)}`, /63 bytes/],
    ['postgres://a:b@db/shop?sslmode=prefer', /without encryption/],
    ['postgres://a:b@db/shop?sslmode=allow', /without encryption/],
    ['postgres://a:b@db/shop?sslmode=', /unknown sslmode/],
    ['postgres://a:b@db/shop?sslmode=require&sslmode=disable', /twice/],
    ['postgres://a:b@db/shop?sslrootcert=/etc/ssl/ca.pem', /not a path/],
    ['postgres://a:b@db/shop?sslrootcert=system', /not a path/],
    ['postgres://a:b@db/shop?sslmode=disable&sslrootcert=x', /sslmode=disable/],
    [
      'postgres://a:b@db/shop?sslrootcert=-----BEGIN%20CERTIFICATE-----AAAA-----END%20CERTIFICATE-----',
      /cannot be read/,
    ],
  ])('%j', (text, problem) => {
    expect(problemOf(text)).toMatch(problem);
  });

  it.each([
    'host',
    'hostaddr',
    'port',
    'user',
    'password',
    'dbname',
    'options',
    'application_name',
    'service',
    'passfile',
    'sslcert',
    'sslkey',
    'ssl',
    'channel_binding',
    'connect_timeout',
    'statement_timeout',
    'HOST',
    '%68ost',
  ])('for its parameter %s', (name) => {
    expect(problemOf(`postgres://a:b@db/shop?${name}=x`)).toMatch(/is not taken/);
  });

  it('never repeats a secret in the reason', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const result = parseConnectionString(`postgres://a:CANARY${before}@${after}/CANARY?CANARY1=CANARY#`);
        expect(result.ok ? '' : result.problem).not.toContain('CANARY');
      }),
    );
  });

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseConnectionString(text)));
    fc.assert(
      fc.property(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        (url) => void parseConnectionString(url.replace(/^https?/, 'postgres')),
      ),
    );
  });

  it('for a private key in the place of a certificate', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = encodeURIComponent(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    expect(problemOf(`postgres://a:b@db/shop?sslrootcert=${pem}`)).toMatch(/not a certificate/);
  });
});
