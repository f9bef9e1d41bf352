import { StackAdminApp, StackServerApp } from '@stackframe/js';
import { KnownErrors } from '@stackframe/stack-shared';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from './support/api-server.ts';

// The published client of others, unmodified, against a server that listens.
let server: ApiServer;
let app: StackServerApp;

beforeAll(async () => {
  server = await startApiServer();
  app = clientOf(server.keys.demo.secretServerKey);
});

function clientOf(secretServerKey: string): StackServerApp {
  return new StackServerApp({
    baseUrl: server.url,
    projectId: server.keys.demo.projectId,
    publishableClientKey: server.keys.demo.publishableClientKey,
    secretServerKey,
    tokenStore: 'memory',
  });
}

/** The user as a client without a cache sees it. */
async function freshUser(id: string) {
  const user = await clientOf(server.keys.demo.secretServerKey).getUser(id);
  if (user === null) throw new Error('the user is gone');
  return user;
}

describe('the published client: users', () => {
  it('creates a user with everything it can say about one, and reads it back', async () => {
    const created = await app.createUser({
      primaryEmail: 'Ada@Example.com',
      primaryEmailVerified: true,
      primaryEmailAuthEnabled: true,
      password: 'correct horse battery',
      displayName: 'Ada "the first" Lovelace 🧮',
      clientMetadata: { plan: 'pro', nested: { list: [1, 2.5, null, 'x'] } },
      clientReadOnlyMetadata: ['an', 'array'],
      serverMetadata: 'a string',
    });
    const user = await freshUser(created.id);
    expect(user).toMatchObject({
      id: created.id,
      primaryEmail: 'ada@example.com',
      primaryEmailVerified: true,
      displayName: 'Ada "the first" Lovelace 🧮',
      hasPassword: true,
      emailAuthEnabled: true,
      isAnonymous: false,
      clientMetadata: { plan: 'pro', nested: { list: [1, 2.5, null, 'x'] } },
      clientReadOnlyMetadata: ['an', 'array'],
      serverMetadata: 'a string',
      selectedTeam: null,
    });
    expect(Math.abs(user.signedUpAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('creates a user of whom nothing is known', async () => {
    const user = await freshUser((await app.createUser({})).id);
    expect(user).toMatchObject({ primaryEmail: null, displayName: null, clientMetadata: null, hasPassword: false });
  });

  it('gets null for a user that does not exist', async () => {
    expect(await app.getUser('00000000-0000-4000-8000-000000000000')).toBeNull();
  });

  it('gets null for the signed-in user, because nobody is', async () => {
    expect(await app.getUser()).toBeNull();
  });

  it('updates a user by every setter', async () => {
    const user = await app.createUser({ primaryEmail: 'grace@example.com' });
    await user.update({ displayName: 'Grace', profileImageUrl: 'https://example.com/grace.png' });
    await user.setClientMetadata({ a: 1 });
    await user.setClientReadOnlyMetadata({ b: 2 });
    await user.setServerMetadata({ c: [3] });
    await user.setPrimaryEmail('hopper@example.com', { verified: true });
    await user.setPassword({ password: 'a new password' });
    expect(await freshUser(user.id)).toMatchObject({
      displayName: 'Grace',
      profileImageUrl: 'https://example.com/grace.png',
      clientMetadata: { a: 1 },
      clientReadOnlyMetadata: { b: 2 },
      serverMetadata: { c: [3] },
      primaryEmail: 'hopper@example.com',
      primaryEmailVerified: true,
      hasPassword: true,
    });
    await user.setDisplayName('Grace Hopper');
    expect((await freshUser(user.id)).displayName).toBe('Grace Hopper');
  });

  it('deletes a user', async () => {
    const user = await app.createUser({ primaryEmail: 'gone@example.com' });
    await user.delete();
    expect(await app.getUser(user.id)).toBeNull();
  });

  it('lists users page by page, in both orders, and finds them', async () => {
    for (let index = 0; index < 7; index++) await app.createUser({ displayName: `Lister ${index}` });
    for (const desc of [false, true]) {
      const seen: (string | null)[] = [];
      let cursor: string | undefined;
      do {
        const page = await app.listUsers({
          limit: 3,
          orderBy: 'signedUpAt',
          desc,
          query: 'lister',
          ...(cursor && { cursor }),
        });
        expect(page.length).toBeLessThanOrEqual(3);
        seen.push(...page.map((user) => user.displayName));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      const expected = Array.from({ length: 7 }, (_, index) => `Lister ${index}`);
      expect(seen).toEqual(desc ? expected.reverse() : expected);
    }
    expect((await app.listUsers({ query: 'nobody has this name' })).length).toBe(0);
  });
});

describe('the published client: contact channels', () => {
  it('creates, lists, updates and deletes them', async () => {
    const user = await app.createUser({ primaryEmail: 'first@example.com', primaryEmailVerified: true });
    const second = await user.createContactChannel({ type: 'email', value: 'second@example.com', usedForAuth: true });
    expect(second).toMatchObject({
      value: 'second@example.com',
      isPrimary: false,
      isVerified: false,
      usedForAuth: true,
    });

    await second.update({ isPrimary: true, isVerified: true });
    expect((await freshUser(user.id)).primaryEmail).toBe('second@example.com');
    await second.update({ value: 'renamed@example.com' });
    const channels = await (await freshUser(user.id)).listContactChannels();
    expect(channels.map(({ value, isPrimary, isVerified }) => ({ value, isPrimary, isVerified }))).toEqual([
      { value: 'renamed@example.com', isPrimary: true, isVerified: false },
      { value: 'first@example.com', isPrimary: false, isVerified: true },
    ]);

    for (const channel of channels) await channel.delete();
    const left = await freshUser(user.id);
    expect(left.primaryEmail).toBeNull();
    expect(await left.listContactChannels()).toEqual([]);
  });
});

describe('the published client: teams', () => {
  it('creates, gets, lists, updates and deletes teams', async () => {
    const team = await app.createTeam({ displayName: 'Crew', profileImageUrl: 'https://example.com/crew.png' });
    await team.update({
      displayName: 'Crew 2',
      clientMetadata: { a: 1 },
      clientReadOnlyMetadata: { b: 2 },
      serverMetadata: { c: 3 },
    });
    const other = clientOf(server.keys.demo.secretServerKey);
    expect(await other.getTeam(team.id)).toMatchObject({
      displayName: 'Crew 2',
      profileImageUrl: 'https://example.com/crew.png',
      clientMetadata: { a: 1 },
      clientReadOnlyMetadata: { b: 2 },
      serverMetadata: { c: 3 },
    });
    expect((await other.listTeams()).map(({ id }) => id)).toContain(team.id);
    await team.delete();
    expect(await app.getTeam(team.id)).toBeNull();
  });

  it('lists teams page by page', async () => {
    for (let index = 0; index < 5; index++) await app.createTeam({ displayName: `Paged ${index}` });
    const first = await app.listTeams({ limit: 3, orderBy: 'createdAt', desc: true, query: 'paged' });
    const rest = await app.listTeams({
      limit: 3,
      orderBy: 'createdAt',
      desc: true,
      query: 'paged',
      cursor: first.nextCursor ?? '',
    });
    expect([...first, ...rest].map(({ displayName }) => displayName)).toEqual(
      [4, 3, 2, 1, 0].map((index) => `Paged ${index}`),
    );
    expect(rest.nextCursor).toBeNull();
  });

  it('adds and removes members, and shows them with their profiles', async () => {
    const user = await app.createUser({ displayName: 'Member', primaryEmail: 'member@example.com' });
    const team = await app.createTeam({ displayName: 'With members' });
    await team.addUser(user.id);
    expect((await user.listTeams()).map(({ id }) => id)).toEqual([team.id]);
    const profile = await user.getTeamProfile(team);
    expect(profile).toMatchObject({ displayName: 'Member', profileImageUrl: null });
    await profile.update({ displayName: 'Captain', profileImageUrl: 'https://example.com/captain.png' });

    const [member] = (await (await clientOf(server.keys.demo.secretServerKey).getTeam(team.id))?.listUsers()) ?? [];
    expect(member).toMatchObject({
      id: user.id,
      primaryEmail: 'member@example.com',
      displayName: 'Member',
      teamProfile: { displayName: 'Captain', profileImageUrl: 'https://example.com/captain.png' },
    });
    expect((await app.listUsers({ teamId: team.id })).map(({ id }) => id)).toEqual([user.id]);

    await team.removeUser(user.id);
    expect(await team.listUsers()).toEqual([]);
  });

  it('lets a user create a team and selects it; leaving it deselects', async () => {
    const user = await app.createUser({ displayName: 'Founder' });
    const team = await user.createTeam({ displayName: 'Founded' });
    expect((await freshUser(user.id)).selectedTeam).toMatchObject({ id: team.id, displayName: 'Founded' });
    await user.setSelectedTeam(null);
    expect((await freshUser(user.id)).selectedTeam).toBeNull();
    await user.setSelectedTeam(team);
    await team.removeUser(user.id);
    expect((await freshUser(user.id)).selectedTeam).toBeNull();
  });
});

describe('the published client: administration', () => {
  function adminClient(): StackAdminApp {
    const { projectId, publishableClientKey, secretServerKey, superSecretAdminKey } = server.keys.demo;
    return new StackAdminApp({
      baseUrl: server.url,
      projectId,
      publishableClientKey,
      secretServerKey,
      superSecretAdminKey,
      tokenStore: 'memory',
    });
  }

  it('gets and changes the project, and its configuration', async () => {
    const project = await adminClient().getProject();
    await project.update({ description: 'Changed by the client' });
    expect(await adminClient().getProject()).toMatchObject({
      displayName: 'Demo',
      description: 'Changed by the client',
    });
    const connectionString = 'postgres://ada:secret@db.example.com/shop';
    await project.updateConfig({ 'dbSync.externalDatabases.main': { type: 'postgres', connectionString } });
    const config = await (await adminClient().getProject()).getConfig();
    expect(config.dbSync.externalDatabases.main).toMatchObject({ type: 'postgres', connection: { user: 'ada' } });
    expect(JSON.stringify(config)).not.toContain('secret');
  });

  it('creates, lists and revokes keys', async () => {
    const created = await adminClient().createInternalApiKey({
      description: 'of the client',
      expiresAt: new Date(Date.now() + 60_000),
      hasPublishableClientKey: false,
      hasSecretServerKey: true,
      hasSuperSecretAdminKey: false,
    });
    expect((await clientOf(created.secretServerKey ?? '').listUsers({ limit: 1 })).length).toBe(1);
    const listed = (await adminClient().listInternalApiKeys()).find(({ id }) => id === created.id);
    expect(listed).toMatchObject({ description: 'of the client', publishableClientKey: null });
    expect(listed?.isValid()).toBe(true);
    await listed?.revoke();
    const refused = clientOf(created.secretServerKey ?? '').listUsers();
    await expect(refused).rejects.toSatisfy((error) => KnownErrors.InvalidSecretServerKey.isInstance(error));
  });
});

describe('the published client: the project and failures', () => {
  it('gets the project', async () => {
    expect(await app.getProject()).toMatchObject({
      id: server.keys.demo.projectId,
      displayName: 'Demo',
      config: { oauthProviders: [] },
    });
  });

  it('throws its own exceptions for the errors it knows', async () => {
    await app.createUser({ primaryEmail: 'taken@example.com', primaryEmailAuthEnabled: true });
    const again = app.createUser({ primaryEmail: 'taken@example.com', primaryEmailAuthEnabled: true });
    await expect(again).rejects.toSatisfy((error) => KnownErrors.UserWithEmailAlreadyExists.isInstance(error));
    const short = app.createUser({ primaryEmail: 'short@example.com', password: 'short' });
    await expect(short).rejects.toSatisfy((error) => KnownErrors.PasswordTooShort.isInstance(error));
    const invalid = app.createUser({ primaryEmail: 'not an address' });
    await expect(invalid).rejects.toSatisfy((error) => KnownErrors.SchemaError.isInstance(error));
    const team = await app.createTeam({ displayName: 'Twice' });
    const user = await app.createUser({});
    await team.addUser(user.id);
    await expect(team.addUser(user.id)).rejects.toSatisfy((error) =>
      KnownErrors.TeamMembershipAlreadyExists.isInstance(error),
    );
  });

  it('shows the whole answer for an error that it does not know', async () => {
    const user = await app.createUser({ primaryEmail: 'double@example.com' });
    const double = user.createContactChannel({ type: 'email', value: 'double@example.com', usedForAuth: false });
    await expect(double).rejects.toThrow(/409 .*CONTACT_CHANNEL_ALREADY_EXISTS/);
  });

  it('throws its own exception for a wrong key', async () => {
    const wrong = clientOf('ssk_wrong').createUser({});
    await expect(wrong).rejects.toSatisfy((error) => KnownErrors.InvalidSecretServerKey.isInstance(error));
  });
});
