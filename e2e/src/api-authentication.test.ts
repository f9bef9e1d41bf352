import { randomUUID } from 'node:crypto';
import { headerNames, REQUEST_HEADERS } from '@hexclave/contract';
import type { ProjectKeys } from '@hexclave/server';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiClient, headersFor, request, succeed } from './support/api-client.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

async function users(headers: Record<string, string>) {
  return await request(`${server.url}/api/v1/users`, { headers });
}

/** Keys to a new project, made the way an operator makes them. */
async function newProject(): Promise<ProjectKeys> {
  const internal = apiClient(server, 'admin', server.keys.internal);
  const project = await succeed(internal.post('/internal/projects', { display_name: 'Another' }));
  return await newKeys(project.id);
}

async function newKeys(projectId: string, expiresAt = Date.now() + 60_000): Promise<ProjectKeys> {
  const internal = apiClient(server, 'admin', server.keys.internal);
  const set = await succeed(
    internal.post(`/internal/api-keys?project_id=${projectId}`, {
      description: 'test',
      expires_at_millis: expiresAt,
      has_publishable_client_key: true,
      has_secret_server_key: true,
      has_super_secret_admin_key: true,
    }),
  );
  return {
    projectId,
    keySetId: set.id,
    publishableClientKey: set.publishable_client_key,
    secretServerKey: set.secret_server_key,
    superSecretAdminKey: set.super_secret_admin_key,
  };
}

describe('headers', () => {
  it('are taken under their current and their legacy names, or a mixture', async () => {
    const current = headersFor(server.keys.demo, 'server');
    const legacy = headersFor(server.keys.demo, 'server', 'x-stack');
    for (const headers of [current, legacy, { ...legacy, ...current }]) expect((await users(headers)).status).toBe(200);
  });

  it.each(Object.values(REQUEST_HEADERS))('are refused when the two names of %s disagree', async (header) => {
    const [current, legacy] = headerNames(header);
    for (const path of ['users', 'health', 'nowhere']) {
      const both = { ...headersFor(server.keys.demo, 'server'), [current]: 'true', [legacy]: 'other' };
      expect(await request(`${server.url}/api/v1/${path}`, { headers: both })).toMatchObject({
        status: 400,
        body: { code: 'CONFLICTING_HEADERS', details: { headers: [current, legacy] } },
      });
    }
  });

  it.each(Object.values(REQUEST_HEADERS))('%s counts once where both names agree, or one is empty', async (header) => {
    const keys = headersFor(server.keys.demo, 'server');
    const [current, legacy] = headerNames(header);
    const value = keys[current] ?? (header === REQUEST_HEADERS.branchId ? 'main' : 'true');
    for (const pair of [
      { [current]: value, [legacy]: value },
      { [current]: '', [legacy]: value },
      { [current]: value, [legacy]: '' },
    ]) {
      expect((await users({ ...keys, ...pair })).status).toBe(200);
    }
  });

  it.each([
    ['nothing', {}, 400, 'ACCESS_TYPE_REQUIRED'],
    ['a key without an access type', { 'x-hexclave-secret-server-key': 'x' }, 400, 'PROJECT_KEY_WITHOUT_ACCESS_TYPE'],
    ['an unknown access type', { 'x-hexclave-access-type': 'root' }, 400, 'INVALID_ACCESS_TYPE'],
    ['no project', { 'x-hexclave-access-type': 'server' }, 400, 'ACCESS_TYPE_WITHOUT_PROJECT_ID'],
  ])('with %s: %j', async (_name, headers, status, code) => {
    expect(await users(headers as Record<string, string>)).toMatchObject({ status, body: { code } });
  });

  it.each(['client', 'server', 'admin'] as const)('with %s access and no key', async (access) => {
    const headers = { 'x-hexclave-access-type': access, 'x-hexclave-project-id': server.keys.demo.projectId };
    const code = {
      client: 'PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT',
      server: 'SERVER_AUTHENTICATION_REQUIRED',
      admin: 'ADMIN_AUTHENTICATION_REQUIRED',
    }[access];
    expect(await users(headers)).toMatchObject({ status: 401, body: { code } });
  });

  it('announce the known error under both names', async () => {
    const { headers } = await users({});
    expect(headers.get('x-hexclave-known-error')).toBe('ACCESS_TYPE_REQUIRED');
    expect(headers.get('x-stack-known-error')).toBe('ACCESS_TYPE_REQUIRED');
  });

  it('turn errors into status 200 for clients that ask for it', async () => {
    const { status, headers, body } = await users({ 'x-stack-override-error-status': 'true' });
    expect([status, headers.get('x-stack-actual-status'), headers.get('x-hexclave-actual-status'), body.code]).toEqual([
      200,
      '400',
      '400',
      'ACCESS_TYPE_REQUIRED',
    ]);
  });
});

describe('keys', () => {
  it('that are malformed, made up, of another kind or of another project are refused alike', async () => {
    const other = await newProject();
    const { demo } = server.keys;
    const wrong = [
      'x',
      `${demo.secretServerKey}x`,
      demo.secretServerKey.slice(0, -1),
      demo.publishableClientKey,
      demo.superSecretAdminKey,
      other.secretServerKey,
      `ssk_${'A'.repeat(49)}`,
      'ü',
      'x'.repeat(5_000),
    ];
    for (const key of wrong) {
      const headers = { ...headersFor(demo, 'server'), 'x-hexclave-secret-server-key': encodeURI(key) };
      expect(await users(headers)).toMatchObject({ status: 401, body: { code: 'INVALID_SECRET_SERVER_KEY' } });
    }
  });

  it('of one project do not open another', async () => {
    const other = await newProject();
    for (const access of ['client', 'server', 'admin'] as const) {
      const headers = { ...headersFor(other, access), 'x-hexclave-project-id': server.keys.demo.projectId };
      expect((await users(headers)).status).toBe(401);
    }
  });

  it('say so when there is no such project or branch', async () => {
    const headers = headersFor(server.keys.demo, 'server');
    expect(await users({ ...headers, 'x-hexclave-project-id': randomUUID() })).toMatchObject({
      status: 400,
      body: { code: 'CURRENT_PROJECT_NOT_FOUND' },
    });
    expect(await users({ ...headers, 'x-stack-branch-id': 'other' })).toMatchObject({
      status: 400,
      body: { code: 'BRANCH_DOES_NOT_EXIST' },
    });
  });

  it('open what weaker ones open, and nothing stronger', async () => {
    const { demo } = server.keys;
    const asServer = { ...headersFor(demo, 'admin'), 'x-hexclave-access-type': 'server' };
    expect((await users(asServer)).status).toBe(200);
    expect((await users(headersFor(demo, 'admin'))).status).toBe(200);
    expect(await users(headersFor(demo, 'client'))).toMatchObject({
      status: 401,
      body: {
        code: 'INSUFFICIENT_ACCESS_TYPE',
        details: { actual_access_type: 'client', allowed_access_types: ['server', 'admin'] },
      },
    });
    expect(await apiClient(server, 'server').get('/internal/api-keys')).toMatchObject({
      status: 401,
      body: { code: 'INSUFFICIENT_ACCESS_TYPE' },
    });
    expect(await apiClient(server, 'admin').get('/internal/projects')).toMatchObject({
      status: 401,
      body: { code: 'EXPECTED_INTERNAL_PROJECT' },
    });
    expect((await apiClient(server, 'client').get('/projects/current')).body).toMatchObject({ display_name: 'Demo' });
  });

  it('stop working when they expire or are revoked, at once', async () => {
    const project = await newProject();
    expect((await users(headersFor(await newKeys(project.projectId, Date.now() - 1_000), 'server'))).status).toBe(401);

    const admin = apiClient(server, 'admin', project);
    const second = await newKeys(project.projectId);
    expect((await users(headersFor(second, 'server'))).status).toBe(200);
    const revoked = await succeed(admin.patch(`/internal/api-keys/${second.keySetId}`, { revoked: true }));
    expect(revoked.manually_revoked_at_millis).toBeGreaterThan(0);
    for (const access of ['client', 'server', 'admin'] as const) {
      expect((await users(headersFor(second, access))).status).toBe(401);
    }
    expect(await admin.patch(`/internal/api-keys/${second.keySetId}`, { revoked: false })).toMatchObject({
      status: 400,
    });
  });

  it('are shown once, then by their last characters only, and stored as hashes', async () => {
    const project = await newProject();
    const { items } = await succeed(apiClient(server, 'admin', project).get('/internal/api-keys'));
    expect(items).toMatchObject([{ secret_server_key: { last_four: project.secretServerKey.slice(-4) } }]);
    const rows = await server.testDatabase.db.query<{ stored: string }>('SELECT k::text AS stored FROM "ApiKeySet" k');
    const everything = JSON.stringify([items, rows]);
    for (const key of [project.publishableClientKey, project.secretServerKey, project.superSecretAdminKey]) {
      expect(everything).not.toContain(key);
    }
  });

  it('of one project are not seen from another', async () => {
    const project = await newProject();
    const demo = apiClient(server, 'admin');
    expect(await demo.get(`/internal/api-keys/${project.keySetId}`)).toMatchObject({
      body: { code: 'API_KEY_NOT_FOUND' },
    });
    expect(await demo.get(`/internal/api-keys?project_id=${project.projectId}`)).toMatchObject({
      status: 404,
      body: { code: 'PROJECT_NOT_FOUND' },
    });
    expect(
      await apiClient(server, 'admin', server.keys.internal).post(`/internal/api-keys?project_id=${randomUUID()}`, {
        description: '',
        expires_at_millis: 1,
        has_publishable_client_key: true,
        has_secret_server_key: false,
        has_super_secret_admin_key: false,
      }),
    ).toMatchObject({ status: 404, body: { code: 'PROJECT_NOT_FOUND' } });
  });
});

describe('another project’s ids', () => {
  it('are not found, and nothing happens to what they name', async () => {
    const mine = apiClient(server, 'server');
    const theirs = apiClient(server, 'server', await newProject());
    const user = await succeed(mine.post('/users', { primary_email: 'mine@example.com' }));
    const [channel] = (await succeed(mine.get(`/contact-channels?user_id=${user.id}`))).items;
    const team = await succeed(mine.post('/teams', { display_name: 'Mine', creator_user_id: user.id }));
    const foreign = await succeed(theirs.post('/users', {}));
    const attempts = [
      theirs.get(`/users/${user.id}`),
      theirs.patch(`/users/${user.id}`, { display_name: 'x' }),
      theirs.patch(`/users/${user.id}`, { primary_email: 'x@example.com' }),
      theirs.delete(`/users/${user.id}`),
      theirs.get(`/users?team_id=${team.id}`),
      theirs.get(`/contact-channels?user_id=${user.id}`),
      theirs.get(`/contact-channels/${user.id}/${channel.id}`),
      theirs.patch(`/contact-channels/${user.id}/${channel.id}`, { is_primary: true }),
      theirs.patch(`/contact-channels/${user.id}/${channel.id}`, { value: 'x@example.com' }),
      theirs.delete(`/contact-channels/${user.id}/${channel.id}`),
      theirs.post('/contact-channels', { user_id: user.id, type: 'email', value: 'x@example.com' }),
      theirs.post('/contact-channels', { user_id: user.id, type: 'email', value: 'x@example.com', is_primary: true }),
      theirs.get(`/teams/${team.id}`),
      theirs.get(`/teams?user_id=${user.id}`),
      theirs.patch(`/teams/${team.id}`, { display_name: 'x' }),
      theirs.delete(`/teams/${team.id}`),
      theirs.post('/teams', { display_name: 'x', creator_user_id: user.id }),
      theirs.post(`/team-memberships/${team.id}/${foreign.id}`),
      theirs.post(`/team-memberships/${team.id}/${user.id}`),
      theirs.delete(`/team-memberships/${team.id}/${user.id}`),
      theirs.get(`/team-member-profiles?team_id=${team.id}`),
      theirs.get(`/team-member-profiles/${team.id}/${user.id}`),
      theirs.patch(`/team-member-profiles/${team.id}/${user.id}`, { display_name: 'x' }),
      theirs.patch(`/users/${foreign.id}`, { selected_team_id: team.id }),
    ];
    for (const answer of await Promise.all(attempts)) expect(answer).toMatchObject({ status: 404 });
    expect((await mine.get(`/users/${user.id}`)).body).toEqual(user);
    expect((await mine.get(`/teams/${team.id}`)).body).toEqual(team);
    expect((await succeed(theirs.get('/users'))).items).toHaveLength(1);
  });
});

describe('projects', () => {
  it('are created, listed, changed and deleted by admins of the internal project', async () => {
    const internal = apiClient(server, 'admin', server.keys.internal);
    const project = await succeed(internal.post('/internal/projects', { display_name: 'Shop', description: 'Sells.' }));
    expect(await succeed(internal.get(`/internal/projects/${project.id}`))).toEqual(project);
    expect(await internal.post('/internal/projects', { id: project.id, display_name: 'Twin' })).toMatchObject({
      status: 409,
      body: { code: 'PROJECT_ID_ALREADY_EXISTS' },
    });
    const changed = await succeed(internal.patch(`/internal/projects/${project.id}`, { display_name: 'Shop 2' }));
    expect(changed).toEqual({ ...project, display_name: 'Shop 2' });
    const keys = await newKeys(project.id);
    await succeed(apiClient(server, 'server', keys).post('/users', { primary_email: 'a@example.com' }));
    const newest = await succeed(internal.get('/internal/projects?desc=true&limit=1'));
    expect(newest.items).toEqual([changed]);
    expect(newest.pagination.next_cursor).not.toBeNull();

    await succeed(apiClient(server, 'admin', keys).delete('/internal/projects/current'));
    expect(await internal.get(`/internal/projects/${project.id}`)).toMatchObject({ status: 404 });
    expect(await users(headersFor(keys, 'server'))).toMatchObject({ body: { code: 'CURRENT_PROJECT_NOT_FOUND' } });
  });

  it('cannot delete the one that administers the others', async () => {
    const internal = apiClient(server, 'admin', server.keys.internal);
    for (const path of ['/internal/projects/current', '/internal/projects/internal']) {
      expect(await internal.delete(path)).toMatchObject({ status: 400, body: { code: 'PROJECT_PROTECTED' } });
    }
  });
});
