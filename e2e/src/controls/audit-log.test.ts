import { beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, apiClient, headersFor, request, succeed } from '../support/api-client.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';

let server: ApiServer;
let operator: ApiClient;
let owner: ApiClient;

const SECRET = 'canary-of-a-password';
const connectionString = (database: string) => `postgresql://u:${SECRET}@db.example.com/${database}`;

beforeAll(async () => {
  server = await startApiServer();
  operator = apiClient(server, 'admin', server.keys.internal);
  owner = apiClient(server, 'admin', server.keys.demo);
});

const configure = (override: object) =>
  succeed(owner.patch('/internal/config/override/environment', { config_override_string: JSON.stringify(override) }));

async function newest(client: ApiClient, query = '') {
  const { items } = await succeed(client.get(`/internal/audit-log?limit=1${query}`));
  return items[0];
}

describe('the audit log', () => {
  test('says who changed an external database, what it was before and after, and never a secret', async () => {
    const path = 'dbSync.externalDatabases.audited';
    await configure({ [path]: { type: 'postgres', connectionString: connectionString('one') } });
    const added = await newest(owner);
    expect(added).toMatchObject({
      action: 'external_database.add',
      project_id: server.keys.demo.projectId,
      external_database_id: 'audited',
      before: null,
      after: { schema: 'hexclave', connection: { host: 'db.example.com', database: 'one', user: 'u' } },
      result: 'done',
    });
    expect(added.actor).toEqual({
      kind: 'owner',
      key_set_id: server.keys.demo.keySetId,
      key_hint: server.keys.demo.superSecretAdminKey.slice(-4),
      origin: 'api',
    });

    await configure({ [`${path}.schema`]: 'other' });
    expect(await newest(owner)).toMatchObject({
      action: 'external_database.change',
      before: { schema: 'hexclave' },
      after: { schema: 'other' },
    });

    const renewed = `postgresql://u:${SECRET}-2@db.example.com/one`;
    await configure({ [`${path}.connectionString`]: renewed });
    expect(await newest(owner)).toMatchObject({
      action: 'external_database.change',
      before: {},
      after: { connectionString: 'changed' },
    });

    await configure({ [path]: null });
    expect(await newest(owner)).toMatchObject({ action: 'external_database.remove', after: null });
    const stored = await server.testDatabase.db.query('SELECT e::text FROM "AuditEvent" e');
    expect(JSON.stringify(stored)).not.toContain(SECRET);
  });

  test('begins with what the server made by itself', async () => {
    const { items } = await succeed(operator.get('/internal/audit-log?project_id=internal&limit=1000'));
    const made = items.filter(({ actor }: { actor: { kind: string } }) => actor.kind === 'server');
    expect(made.map(({ action }: { action: string }) => action)).toEqual(['api_key.create', 'project.create']);
  });

  test('has nothing of a change that is refused, or that changes nothing', async () => {
    const count = async () => (await succeed(owner.get('/internal/audit-log?limit=1000'))).items.length;
    const before = await count();
    const override = JSON.stringify({ 'dbSync.externalDatabases.x': { type: 'mysql' } });
    const { status } = await owner.patch('/internal/config/override/environment', { config_override_string: override });
    expect(status).toBe(400);
    await configure({});
    expect(await count()).toBe(before);
  });

  test('outlives the project, for the operator', async () => {
    const project = await succeed(operator.post('/internal/projects', { display_name: 'short-lived' }));
    await succeed(operator.patch(`/internal/projects/${project.id}`, { display_name: 'renamed' }));
    const keys = await succeed(
      operator.post(`/internal/api-keys?project_id=${project.id}`, {
        description: 'a key',
        expires_at_millis: Date.now() + 60_000,
        has_publishable_client_key: false,
        has_secret_server_key: true,
        has_super_secret_admin_key: false,
      }),
    );
    await succeed(operator.patch(`/internal/api-keys/${keys.id}?project_id=${project.id}`, { revoked: true }));
    await succeed(operator.delete(`/internal/projects/${project.id}`));
    const { items } = await succeed(operator.get(`/internal/audit-log?project_id=${project.id}`));
    expect(items.map(({ action }: { action: string }) => action)).toEqual([
      'project.delete',
      'api_key.revoke',
      'api_key.create',
      'project.update',
      'project.create',
    ]);
    expect(JSON.stringify(items)).not.toContain(keys.secret_server_key);
    expect(items[0].before).toEqual({ display_name: 'renamed', description: '' });
    expect(items[1].after.manually_revoked_at_millis).toBeGreaterThan(0);
  });

  test('is read in pages, by project, external database and action', async () => {
    const { projectId } = server.keys.demo;
    for (const reason of ['one', 'two', 'three']) {
      await succeed(operator.post(`/internal/external-db-sync/pause?project_id=${projectId}`, { reason }));
    }
    const query = `/internal/audit-log?limit=2&action=project.pause&project_id=${projectId}`;
    const first = await succeed(operator.get(query));
    expect(first.items.map(({ reason }: { reason: string }) => reason)).toEqual(['three', 'two']);
    const second = await succeed(operator.get(`${query}&cursor=${first.pagination.next_cursor}`));
    expect(second.items.map(({ reason }: { reason: string }) => reason)).toEqual(['one']);
    expect(second.pagination.next_cursor).toBe(null);
    expect((await succeed(owner.get('/internal/audit-log?external_database_id=none'))).items).toEqual([]);
    expect((await operator.get('/internal/audit-log?action=nonsense')).status).toBe(400);
    await succeed(operator.post(`/internal/external-db-sync/resume?project_id=${projectId}`, {}));
  });

  test('of another project is nobody’s business but the operator’s', async () => {
    const { status, body } = await owner.get('/internal/audit-log?project_id=internal');
    expect([status, body.code]).toEqual([404, 'PROJECT_NOT_FOUND']);
    await succeed(
      operator.patch('/internal/external-db-sync/fusebox', { poller: false, reason: 'a test of the audit log' }),
    );
    await succeed(operator.patch('/internal/external-db-sync/fusebox', { poller: true, reason: 'over' }));
    const { items } = await succeed(owner.get('/internal/audit-log?action=fusebox.change'));
    expect(items).toEqual([]);
    expect(await newest(operator)).toMatchObject({
      action: 'fusebox.change',
      project_id: null,
      before: { poller: false },
      after: { poller: true },
      reason: 'over',
    });
  });

  test('tells owners that it was the operator, and not which of their keys', async () => {
    const { projectId } = server.keys.demo;
    await succeed(
      operator.post(`/internal/external-db-sync/pause?project_id=${projectId}`, { reason: 'a look at it' }),
    );
    const event = await newest(owner);
    expect(event).toMatchObject({ action: 'project.pause', reason: 'a look at it' });
    expect(event.actor).toEqual({ kind: 'operator', key_set_id: null, key_hint: null, origin: 'api' });
    expect((await newest(operator, `&project_id=${projectId}`)).actor.key_set_id).toBe(server.keys.internal.keySetId);
    await succeed(operator.post(`/internal/external-db-sync/resume?project_id=${projectId}`, {}));
  });

  test('knows what a request came from, and its id in the log of the server', async () => {
    const call = (origin: string) =>
      request(`${server.url}/api/v1/internal/external-db-sync/enqueue`, {
        method: 'POST',
        headers: {
          ...headersFor(server.keys.demo, 'admin'),
          'x-hexclave-origin': origin,
          'x-request-id': 'request-12345',
        },
      });
    for (const [sent, kept] of [
      ['cli', 'cli'],
      ['dashboard', 'dashboard'],
      ['server', 'api'],
    ] as const) {
      expect((await call(sent)).status).toBe(200);
      const event = await newest(owner, '&action=sync.enqueue');
      expect([event.actor.origin, event.request_id]).toEqual([kept, 'request-12345']);
    }
  });

  test('forgets what is older than a year, by itself', async () => {
    const { db } = server.testDatabase;
    await db.query(
      `INSERT INTO "AuditEvent" ("at", "action", "projectId", "actor", "result")
       SELECT now() - interval '366 days', 'sync.enqueue', $1, '{"kind": "server", "keySetId": null, "keyHint": null, "origin": "server"}', 'done'
       FROM generate_series(1, 150)`,
      [server.keys.demo.projectId],
    );
    const old = () => db.query(`SELECT 1 FROM "AuditEvent" WHERE "at" < now() - interval '365 days'`);
    const { items } = await succeed(owner.get('/internal/audit-log?limit=1000'));
    expect(items.filter(({ at_millis }: { at_millis: number }) => at_millis < Date.now() - 86_400_000)).toEqual([]);
    for (const left of [50, 0]) {
      await succeed(owner.post('/internal/external-db-sync/enqueue'));
      expect((await old()).length).toBe(left);
    }
  });
});
