import { createClient, isApiError } from '@hexclave/sdk';
import { beforeAll, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../support/api-server.ts';

let server: ApiServer;
let client: ReturnType<typeof clientOf>;

beforeAll(async () => {
  server = await startApiServer();
  client = clientOf(server.keys.demo);
});

function clientOf(keys: ApiServer['keys']['demo']) {
  return createClient({ baseUrl: server.url, projectId: keys.projectId, keys });
}

test('a user’s life', async () => {
  const user = await client.users.create({ primary_email: 'Ada@Example.com', client_metadata: { plan: 'pro' } });
  expect(user).toMatchObject({ primary_email: 'ada@example.com', client_metadata: { plan: 'pro' } });
  expect(await client.users.get(user.id)).toEqual(user);
  expect(await client.users.update(user.id, { display_name: 'Ada & Eve/#?' })).toMatchObject({
    display_name: 'Ada & Eve/#?',
  });
  const [channel] = await client.contactChannels.list(user.id);
  expect(channel).toMatchObject({ user_id: user.id, value: 'ada@example.com', is_primary: true });
  expect(await client.users.list({ query: 'ada & eve/#?', limit: 10 })).toMatchObject({ items: [{ id: user.id }] });
  await client.users.delete(user.id);
  expect((await client.users.list({ query: 'ada & eve' })).items).toEqual([]);
});

test('contact channels and teams', async () => {
  const { id: userId } = await client.users.create({ display_name: 'Grace' });
  const channel = await client.contactChannels.create({ user_id: userId, type: 'email', value: 'grace@example.com' });
  await client.contactChannels.update(userId, channel.id, { is_verified: true });
  expect(await client.contactChannels.get(userId, channel.id)).toMatchObject({ is_verified: true });
  await client.contactChannels.delete(userId, channel.id);
  expect(await client.contactChannels.list(userId)).toEqual([]);

  const team = await client.teams.create({ display_name: 'Compilers' });
  await client.teams.members.add(team.id, userId);
  await client.teams.members.update(team.id, userId, { display_name: 'Amazing Grace' });
  expect((await client.teams.members.list(team.id)).items).toMatchObject([{ display_name: 'Amazing Grace' }]);
  await client.teams.members.remove(team.id, userId);
  expect((await client.teams.members.list(team.id)).items).toEqual([]);
  expect(await client.teams.update(team.id, { display_name: 'Linkers' })).toMatchObject({ display_name: 'Linkers' });
  await client.teams.delete(team.id);
});

test('lists are walked page by page, and only as far as somebody looks', async () => {
  for (let index = 0; index < 5; index++) await client.users.create({ display_name: `Paged ${index}` });
  const names: (string | null)[] = [];
  for await (const user of client.users.all({ query: 'paged', limit: 2 })) names.push(user.display_name);
  expect(names).toEqual(['Paged 0', 'Paged 1', 'Paged 2', 'Paged 3', 'Paged 4']);

  const asked = server.logs().split('GET /users').length;
  for await (const _user of client.users.all({ query: 'paged', limit: 2 })) break;
  expect(server.logs().split('GET /users').length).toBe(asked + 1);
});

test('a refusal has its code and typed details', async () => {
  const missing = '00000000-0000-4000-8000-000000000000';
  const error: unknown = await client.teams.get(missing).catch((thrown: unknown) => thrown);
  if (!isApiError(error, 'TEAM_NOT_FOUND')) throw error;
  expect(error.details.team_id).toBe(missing);
  expect(error).toMatchObject({ status: 404, message: expect.stringContaining(missing) });
  expect(server.logs()).toContain(error.requestId);
});

test('a wrong key is refused, and is not in the error', async () => {
  const superSecretAdminKey = 'sak_canary';
  const stranger = createClient({ baseUrl: server.url, projectId: 'internal', keys: { superSecretAdminKey } });
  const error: unknown = await stranger.project.get().catch((thrown: unknown) => thrown);
  if (!isApiError(error, 'INVALID_SUPER_SECRET_ADMIN_KEY')) throw error;
  expect(error.details.project_id).toBe('internal');
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('canary');
});

test('ids that would make another address are refused before they are sent', async () => {
  for (const id of ['', '.', '..']) {
    await expect(client.users.delete(id)).rejects.toMatchObject({ code: 'CLIENT_MISCONFIGURED' });
  }
  await expect(client.users.get('../teams')).rejects.toMatchObject({ code: 'SCHEMA_ERROR' });
});

test('the configuration', async () => {
  const connectionString = 'postgresql://user:canary@db.example.com/shop';
  await client.config.update({ 'dbSync.externalDatabases.shop': { type: 'postgres', connectionString } });
  const config = await client.config.get();
  expect(config).toMatchObject({ dbSync: { externalDatabases: { shop: { type: 'postgres' } } } });
  expect(JSON.stringify(config)).not.toContain('canary');
  await client.config.update({ 'dbSync.externalDatabases.shop': null });
  expect(await client.config.getOverride()).not.toHaveProperty('dbSync.externalDatabases.shop');
  const error: unknown = await client.config.update({ nothing: 1 }).catch((thrown: unknown) => thrown);
  if (!isApiError(error, 'CONFIG_INVALID')) throw error;
  expect(error.details.issues).toHaveLength(1);
});

test('the operator’s projects and their keys', async () => {
  const operator = clientOf(server.keys.internal);
  const project = await operator.projects.create({ display_name: 'Shop' });
  const created = await operator.apiKeys.create(
    {
      description: 'backend',
      expires_at_millis: Date.now() + 3_600_000,
      has_publishable_client_key: true,
      has_secret_server_key: true,
      has_super_secret_admin_key: false,
    },
    { project_id: project.id },
  );
  const shop = createClient({
    baseUrl: server.url,
    projectId: project.id,
    keys: { secretServerKey: created.secret_server_key },
  });
  expect((await shop.users.list()).items).toEqual([]);
  expect(await shop.project.getForClient()).toMatchObject({ display_name: 'Shop' });
  expect((await operator.apiKeys.list({ project_id: project.id })).map(({ id }) => id)).toEqual([created.id]);
  await operator.projects.delete(project.id);
  await expect(operator.projects.get(project.id)).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' });
});

test('anybody may ask whether the server is well', async () => {
  expect(await createClient({ baseUrl: server.url, projectId: 'none' }).health()).toEqual({ status: 'ok' });
});
