import { createEmptyDatabase, type TestDatabase } from '@hexclave/testing';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ApiClient, apiClient, succeed } from '../support/api-client.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { type Certificate, makeCertificate, startTlsCluster, type TlsCluster } from '../support/certificates.ts';

let server: ApiServer;
let admin: ApiClient;
let target: TestDatabase;
let authority: Certificate;
let encrypted: TlsCluster;

const PATH = '/internal/external-db-sync/test-connection';
const STEPS = ['dns', 'tcp', 'tls', 'sign_in', 'privileges', 'version', 'schema', 'round_trip'];

beforeAll(async () => {
  server = await startApiServer({ config: { rateLimits: false } });
  admin = apiClient(server, 'admin');
  target = await createEmptyDatabase();
  authority = await makeCertificate({ isAuthority: true });
  encrypted = await startTlsCluster(await makeCertificate({ signedBy: authority }));
});

type Step = { step: string; outcome: string; code: string | null; message: string; remedy: string | null };
type Tested = { ok: boolean; steps: Step[]; schema_state: string | null; server_version: string | null };

async function tried(config: object, id?: string): Promise<Tested> {
  const body = { external_database: { type: 'postgres', ...config }, ...(id && { external_database_id: id }) };
  return succeed(admin.post(PATH, body));
}

type Change = Partial<Pick<URL, 'hostname' | 'port' | 'pathname' | 'search' | 'username' | 'password'>>;

/** As whom and where, with the test server's own lack of TLS. */
function at(database: TestDatabase, change: Change = {}): string {
  return Object.assign(new URL(`${database.connectionString}?sslmode=disable`), change).href;
}

const outcomes = ({ steps }: Tested) => steps.map(({ outcome }) => outcome);
const failed = ({ steps }: Tested) => steps.filter(({ outcome }) => outcome === 'failed');

describe('a connection that works', () => {
  test('is told step by step, and nothing is left behind', async () => {
    const answer = await tried({ connectionString: at(target) });
    expect(answer.steps.map(({ step }) => step)).toEqual(STEPS);
    expect(outcomes(answer)).toEqual(['ok', 'ok', 'skipped', 'ok', 'ok', 'ok', 'ok', 'ok']);
    expect(answer).toMatchObject({ ok: true, schema_state: 'missing' });
    const [shown] = await target.db.query<{ server_version: string }>('SHOW server_version');
    expect(shown?.server_version).toContain(answer.server_version);
    const left = await target.db.query(
      `SELECT nspname FROM pg_namespace WHERE nspname = 'hexclave' UNION ALL
       SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
    );
    expect(left).toEqual([]);
  });

  test('over TLS is checked with the certificate that was given', async () => {
    const url = `${encrypted.cluster.connectionString('postgres')}?sslrootcert=${encodeURIComponent(authority.cert)}`;
    expect(outcomes(await tried({ connectionString: url }))).toEqual(STEPS.map(() => 'ok'));
    const unknown = await tried({ connectionString: encrypted.cluster.connectionString('postgres') });
    expect(failed(unknown)).toMatchObject([{ step: 'tls', code: 'TARGET_TLS_FAILED' }]);
    expect(outcomes(unknown).slice(3)).toEqual(STEPS.slice(3).map(() => 'skipped'));
  });
});

describe('a connection that does not work says which step failed, why, and what to do', () => {
  test.each([
    ['dns', 'TARGET_UNREACHABLE', () => ({ hostname: 'no-such-host.invalid' })],
    ['tcp', 'TARGET_UNREACHABLE', () => ({ port: '1' })],
    ['tls', 'TARGET_TLS_FAILED', () => ({ search: '' })],
    ['sign_in', 'TARGET_SIGN_IN_FAILED', () => ({ username: 'nobody_of_that_name' })],
    ['sign_in', 'TARGET_DATABASE_MISSING', () => ({ pathname: '/no_such_database' })],
    ['schema', 'TARGET_IS_INTERNAL_DATABASE', () => ({ pathname: `/${server.testDatabase.name}` })],
    ['sign_in', 'TARGET_SIGN_IN_FAILED', () => ({ password: 'wrong' })],
  ] as [string, string, () => Change][])('%s: %s', async (step, code, change) => {
    const answer = await tried({ connectionString: at(target, change()) });
    const [failure, ...others] = failed(answer);
    expect(others).toEqual([]);
    expect(failure).toMatchObject({ step, code });
    expect(failure?.remedy).toMatch(/\w+/);
    expect(answer.ok).toBe(false);
  });

  test('privileges, with the SQL that gives what is missing', async () => {
    const role = await newRole('needy');
    const connectionString = at(target, { username: role, password: 'secret' });
    await target.db.query(`REVOKE TEMPORARY ON DATABASE ${target.name} FROM PUBLIC`);
    const config = { connectionString, schema: 'for_the_needy' };
    const [failure] = failed(await tried(config));
    expect(failure).toMatchObject({ step: 'privileges', code: 'TARGET_PERMISSION_DENIED' });
    await target.db.query(failure?.remedy ?? '');
    expect(failed(await tried(config))).toEqual([]);
    await target.db.query(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
    expect(failed(await tried(config))).toMatchObject([{ code: 'TARGET_TOO_MANY_CONNECTIONS' }]);
    await target.db.query(
      `ALTER ROLE ${role} CONNECTION LIMIT 4; ALTER ROLE ${role} SET default_transaction_read_only = on`,
    );
    expect(failed(await tried(config))).toMatchObject([{ step: 'privileges', code: 'TARGET_READ_ONLY' }]);
  });

  test('a schema with tables of others, with one in our place, and with another project’s copy', async () => {
    const connectionString = at(target);
    await target.db.query('CREATE SCHEMA empty; CREATE SCHEMA theirs; CREATE TABLE theirs.orders (id int)');
    expect(await tried({ connectionString, schema: 'empty' })).toMatchObject({ ok: true, schema_state: 'empty' });
    expect(await tried({ connectionString, schema: 'theirs' })).toMatchObject({ ok: true, schema_state: 'foreign' });
    await target.db.query('CREATE TABLE theirs.users (id int)');
    const inOurPlace = await tried({ connectionString, schema: 'theirs' });
    expect(failed(inOurPlace)).toMatchObject([{ step: 'schema', code: 'TARGET_TABLE_EXISTS' }]);
    const tables = { users: { targetName: 'people' } };
    expect(await tried({ connectionString, schema: 'theirs', tables })).toMatchObject({ ok: true });

    await target.db.query(
      `CREATE SCHEMA taken; CREATE TABLE taken._hexclave_sync_metadata (mapping_name text, owner text, external_database_id text);
       INSERT INTO taken._hexclave_sync_metadata VALUES ('users', 'somebody else', 'main')`,
    );
    const taken = await tried({ connectionString, schema: 'taken' });
    expect(taken.schema_state).toBe('another_project');
    expect(failed(taken)).toMatchObject([{ step: 'schema', code: 'TARGET_OWNED_BY_ANOTHER_PROJECT' }]);
  });
});

describe('what is tested', () => {
  const configure = (override: object) =>
    succeed(admin.patch('/internal/config/override/environment', { config_override_string: JSON.stringify(override) }));

  test('is a saved connection, as it is, or with what is about to be changed; the secret stays where it is', async () => {
    const connectionString = at(target);
    const { password } = new URL(connectionString);
    await configure({
      'dbSync.externalDatabases.saved': { type: 'postgres', connectionString, schema: 'saved_schema' },
    });
    const asItIs = await succeed(admin.post(PATH, { external_database_id: 'saved' }));
    expect(asItIs.ok).toBe(true);
    expect(asItIs.connection).toMatchObject({ host: '127.0.0.1', database: target.name });
    expect((await tried({ schema: 'theirs_too' }, 'saved')).schema_state).toBe('missing');
    const missing = await admin.post(PATH, { external_database: { type: 'postgres' } });
    expect(missing.body).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { issues: [{ path: 'external_database.connectionString' }] },
    });
    const malformed = await admin.post(PATH, {
      external_database: { type: 'postgres', connectionString: `mysql://u:${password}@h/d` },
    });
    expect(malformed.body.details.issues[0].path).toBe('external_database.connectionString');
    const { items } = await succeed(admin.get('/internal/audit-log?action=external_database.test_connection&limit=1'));
    expect(items[0]).toMatchObject({ result: 'done', external_database_id: 'saved' });
    const told = [asItIs, malformed.body, items, server.logs()].map((part) => JSON.stringify(part)).join();
    expect(password).toMatch(/.{8}/);
    expect(told).not.toContain(password);
  });

  test('is the caller’s own: other projects’ ids do not exist', async () => {
    const elsewhere = apiClient(server, 'admin', server.keys.internal);
    const { status, body } = await elsewhere.post(PATH, { external_database_id: 'saved' });
    expect([status, body.code]).toEqual([404, 'EXTERNAL_DATABASE_NOT_FOUND']);
    expect((await admin.post(PATH, {})).body.code).toBe('SCHEMA_ERROR');
    expect((await apiClient(server, 'server').post(PATH, {})).status).toBe(401);
  });
});

describe('the SQL of a minimal role', () => {
  test('makes a role that passes the test, has no password in it, and quotes every name', async () => {
    const role = 'a "strange" role';
    onTestFinished(async () => {
      await target.db.query(`DROP OWNED BY "a ""strange"" role"; DROP ROLE "a ""strange"" role"`);
    });
    const query = new URLSearchParams({ role, database: target.name, schema: 'role; DROP' });
    const { statements, sql, set_password } = await succeed(admin.get(`/internal/external-db-sync/role-sql?${query}`));
    expect(sql).not.toMatch(/password/i);
    expect(set_password).toBe('\\password "a ""strange"" role"');
    for (const statement of statements) expect(sql).toContain(statement);
    await target.db.query(sql);
    await target.db.query(`ALTER ROLE "a ""strange"" role" PASSWORD 'secret'`);
    const connectionString = at(target, { username: role, password: 'secret' });
    expect(failed(await tried({ connectionString, schema: 'role; DROP' }))).toEqual([]);
  });
});

async function newRole(name: string): Promise<string> {
  const role = `${name}_${target.name}`;
  await target.db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  onTestFinished(async () => {
    await target.db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });
  return role;
}
