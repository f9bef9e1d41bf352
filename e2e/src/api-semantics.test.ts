import { beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, apiClient, succeed } from './support/api-client.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';

let server: ApiServer;
let api: ApiClient;

beforeAll(async () => {
  server = await startApiServer();
  api = apiClient(server, 'server');
});

async function channelsOf(
  userId: string,
): Promise<{ value: string; is_primary: boolean; is_verified: boolean; id: string }[]> {
  return (await succeed(api.get(`/contact-channels?user_id=${userId}`))).items;
}

async function valuesOf(userId: string): Promise<string[]> {
  return (await channelsOf(userId)).map(({ value, is_primary }) => `${is_primary ? '*' : ''}${value}`).sort();
}

let addresses = 0;
function newAddress(): string {
  return `person-${++addresses}@example.com`;
}

describe('the primary e-mail', () => {
  it('comes into being with the user', async () => {
    const user = await succeed(api.post('/users', { primary_email: 'A@Example.com', primary_email_verified: true }));
    expect(await channelsOf(user.id)).toMatchObject([{ value: 'a@example.com', is_primary: true, is_verified: true }]);
  });

  it('that is taken takes the user with it: no user without its e-mail', async () => {
    const email = newAddress();
    const body = { primary_email: email, primary_email_auth_enabled: true, display_name: 'Once' };
    await succeed(api.post('/users', body));
    expect(await api.post('/users', body)).toMatchObject({ status: 409, body: { code: 'USER_EMAIL_ALREADY_EXISTS' } });
    expect((await succeed(api.get('/users?query=once'))).items).toHaveLength(1);
  });

  it('may be shared by users who do not sign in with it', async () => {
    const email = newAddress();
    await succeed(api.post('/users', { primary_email: email }));
    await succeed(api.post('/users', { primary_email: email, primary_email_auth_enabled: true }));
  });

  it('when it changes, leaves the one before as a contact channel; null leaves all', async () => {
    const [first, second] = [newAddress(), newAddress()];
    const user = await succeed(api.post('/users', { primary_email: first, primary_email_verified: true }));
    const changed = await succeed(api.patch(`/users/${user.id}`, { primary_email: second }));
    expect(changed).toMatchObject({ primary_email: second, primary_email_verified: false });
    expect(await valuesOf(user.id)).toEqual([`*${second}`, first].sort());
    // Back again: the channel is still there, and still verified.
    const back = await succeed(api.patch(`/users/${user.id}`, { primary_email: first, display_name: 'Both at once' }));
    expect(back).toMatchObject({ primary_email: first, primary_email_verified: true, display_name: 'Both at once' });
    const none = await succeed(api.patch(`/users/${user.id}`, { primary_email: null }));
    expect(none).toMatchObject({ primary_email: null, primary_email_verified: false, auth_with_email: false });
    expect(await valuesOf(user.id)).toEqual([first, second].sort());
  });

  it('cannot become one that somebody else signs in with, and then nothing changes', async () => {
    const [taken, own] = [newAddress(), newAddress()];
    await succeed(api.post('/users', { primary_email: taken, primary_email_auth_enabled: true }));
    const user = await succeed(api.post('/users', { primary_email: own, display_name: 'Same' }));
    const update = { primary_email: taken, primary_email_auth_enabled: true, display_name: 'Other' };
    expect(await api.patch(`/users/${user.id}`, update)).toMatchObject({
      status: 409,
      body: { code: 'USER_EMAIL_ALREADY_EXISTS', details: { email: taken } },
    });
    expect((await api.get(`/users/${user.id}`)).body).toEqual(user);
    expect(await valuesOf(user.id)).toEqual([`*${own}`]);
  });

  it('has its flags changed alone, but only where there is one', async () => {
    const user = await succeed(api.post('/users', { primary_email: newAddress() }));
    const flags = { primary_email_verified: true, primary_email_auth_enabled: true };
    expect(await succeed(api.patch(`/users/${user.id}`, flags))).toMatchObject(flags);
    const without = await succeed(api.post('/users', {}));
    expect(await api.patch(`/users/${without.id}`, flags)).toMatchObject({
      status: 400,
      body: { code: 'SCHEMA_ERROR' },
    });
    await succeed(api.patch(`/users/${without.id}`, { primary_email_verified: false }));
  });
});

describe('a contact channel', () => {
  it('loses its verification with a new value, keeps it with the same one', async () => {
    const [first, second] = [newAddress(), newAddress()];
    const user = await succeed(api.post('/users', { primary_email: first, primary_email_verified: true }));
    const [{ id } = { id: '' }] = await channelsOf(user.id);
    const path = `/contact-channels/${user.id}/${id}`;
    expect(await succeed(api.patch(path, { value: first }))).toMatchObject({ is_verified: true });
    expect(await succeed(api.patch(path, { value: second }))).toMatchObject({ value: second, is_verified: false });
    expect(await succeed(api.patch(path, { value: first, is_verified: true }))).toMatchObject({ is_verified: true });
    expect(await succeed(api.get(path))).toMatchObject({ value: first, is_primary: true });
  });

  it('exists once for a user, and signs in one user of the project', async () => {
    const email = newAddress();
    const [one, other] = [await succeed(api.post('/users', {})), await succeed(api.post('/users', {}))];
    const channel = { type: 'email', value: email, used_for_auth: true };
    await succeed(api.post('/contact-channels', { user_id: one.id, ...channel }));
    expect(await api.post('/contact-channels', { user_id: one.id, type: 'email', value: email })).toMatchObject({
      status: 409,
      body: { code: 'CONTACT_CHANNEL_ALREADY_EXISTS' },
    });
    expect(await api.post('/contact-channels', { user_id: other.id, ...channel, is_primary: true })).toMatchObject({
      status: 409,
      body: {
        code: 'CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE',
        details: { contact_channel_value: email },
      },
    });
    expect(await valuesOf(other.id)).toEqual([]);
  });

  it('that is primary and deleted leaves the user without a primary e-mail', async () => {
    const user = await succeed(api.post('/users', { primary_email: newAddress() }));
    const spare = newAddress();
    await succeed(api.post('/contact-channels', { user_id: user.id, type: 'email', value: spare }));
    const primary = (await channelsOf(user.id)).find((channel) => channel.is_primary);
    await succeed(api.delete(`/contact-channels/${user.id}/${primary?.id}`));
    expect((await api.get(`/users/${user.id}`)).body.primary_email).toBeNull();
    expect(await valuesOf(user.id)).toEqual([spare]);
    expect(await api.delete(`/contact-channels/${user.id}/${primary?.id}`)).toMatchObject({
      status: 404,
      body: { code: 'CONTACT_CHANNEL_NOT_FOUND' },
    });
  });
});

describe('many at once', () => {
  it('one address, twenty sign-ups: one wins, the others are told', async () => {
    const email = newAddress();
    const body = { primary_email: email, primary_email_auth_enabled: true };
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.post('/users', body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
    expect((await succeed(api.get(`/users?query=${email}`))).items).toHaveLength(1);
  });

  it('twenty changes of the primary e-mail end with one primary channel, which the user shows', async () => {
    const user = await succeed(api.post('/users', { primary_email: newAddress() }));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0
          ? api.patch(`/users/${user.id}`, { primary_email: newAddress() })
          : api.post('/contact-channels', { user_id: user.id, type: 'email', value: newAddress(), is_primary: true }),
      ),
    );
    expect(answers.filter(({ status }) => status >= 300)).toEqual([]);
    const channels = await channelsOf(user.id);
    expect(channels).toHaveLength(21);
    const primary = channels.filter((channel) => channel.is_primary);
    expect(primary).toHaveLength(1);
    expect((await api.get(`/users/${user.id}`)).body.primary_email).toBe(primary[0]?.value);
  });

  it('two users who swap addresses never deadlock into an error', async () => {
    const [left, right] = [newAddress(), newAddress()];
    const flags = { primary_email_auth_enabled: true };
    const one = await succeed(api.post('/users', { primary_email: newAddress() }));
    const two = await succeed(api.post('/users', { primary_email: newAddress() }));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => {
        const [first, second] = index % 2 === 0 ? [left, right] : [right, left];
        return [
          api.patch(`/users/${one.id}`, { primary_email: first, ...flags }),
          api.patch(`/users/${two.id}`, { primary_email: second, ...flags }),
        ];
      }).flat(),
    );
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
  });

  it('selecting a team while leaving it never ends selected outside', async () => {
    for (let round = 0; round < 10; round++) {
      const user = await succeed(api.post('/users', {}));
      const team = await succeed(api.post('/teams', { display_name: 'T', creator_user_id: user.id }));
      await Promise.all([
        api.patch(`/users/${user.id}`, { selected_team_id: team.id }),
        api.delete(`/team-memberships/${team.id}/${user.id}`),
      ]);
      expect((await api.get(`/users/${user.id}`)).body.selected_team_id).toBeNull();
    }
  });

  it('deleting a user while it is changed ends with nothing of it', async () => {
    for (let round = 0; round < 10; round++) {
      const user = await succeed(api.post('/users', { primary_email: newAddress() }));
      const answers = await Promise.all([
        api.patch(`/users/${user.id}`, { primary_email: newAddress() }),
        api.post('/contact-channels', { user_id: user.id, type: 'email', value: newAddress() }),
        api.delete(`/users/${user.id}`),
      ]);
      for (const { status } of answers) expect([200, 201, 404]).toContain(status);
      expect(await api.get(`/users/${user.id}`)).toMatchObject({ status: 404 });
      const left = await server.testDatabase.db.query('SELECT 1 FROM "ContactChannel" WHERE "projectUserId" = $1', [
        user.id,
      ]);
      expect(left).toEqual([]);
    }
  });
});

describe('teams', () => {
  it('deleted while selected are no longer selected; members stay users', async () => {
    const user = await succeed(api.post('/users', {}));
    const team = await succeed(api.post('/teams', { display_name: 'Short-lived', creator_user_id: user.id }));
    expect(await succeed(api.patch(`/users/${user.id}`, { selected_team_id: team.id }))).toMatchObject({
      selected_team_id: team.id,
      selected_team: team,
    });
    await succeed(api.delete(`/teams/${team.id}`));
    expect((await api.get(`/users/${user.id}`)).body).toMatchObject({ selected_team_id: null, selected_team: null });
    expect(await api.get(`/team-member-profiles/${team.id}/${user.id}`)).toMatchObject({ status: 404 });
  });

  it('can be selected by members only', async () => {
    const user = await succeed(api.post('/users', {}));
    const team = await succeed(api.post('/teams', { display_name: 'Closed' }));
    expect(await api.patch(`/users/${user.id}`, { selected_team_id: team.id, display_name: 'x' })).toMatchObject({
      status: 404,
      body: { code: 'TEAM_MEMBERSHIP_NOT_FOUND' },
    });
    expect((await api.get(`/users/${user.id}`)).body.display_name).toBeNull();
  });

  it('are not created for a creator who does not exist', async () => {
    const body = { display_name: 'Nobody’s', creator_user_id: '00000000-0000-4000-8000-000000000000' };
    expect(await api.post('/teams', body)).toMatchObject({ status: 404, body: { code: 'USER_NOT_FOUND' } });
    expect((await succeed(api.get('/teams?query=nobody'))).items).toEqual([]);
  });
});

describe('lists', () => {
  it('neither repeat nor miss anything, whatever comes and goes between the pages and however equal the times', async () => {
    const { db } = server.testDatabase;
    await db.query('DELETE FROM "ProjectUser"');
    for (let index = 0; index < 30; index++) await succeed(api.post('/users', { display_name: `Listed ${index}` }));
    // Ten of each moment, differing by microseconds only, and two at the ends of time.
    await db.query(`UPDATE "ProjectUser" SET "signedUpAt" = '2024-05-05 05:05:05.123450+00'::timestamptz
      + (substr("displayName", 8)::int / 10) * interval '1 microsecond'`);
    await db.query(`UPDATE "ProjectUser" SET "signedUpAt" = '-infinity' WHERE "displayName" = 'Listed 0'`);
    await db.query(`UPDATE "ProjectUser" SET "signedUpAt" = 'infinity' WHERE "displayName" = 'Listed 29'`);
    for (const desc of [false, true]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const path = `/users?limit=7&desc=${desc}${cursor === null ? '' : `&cursor=${cursor}`}`;
        const page: { items: { id: string; display_name: string }[]; pagination: { next_cursor: string | null } } =
          await succeed(api.get(path));
        seen.push(...page.items.map((user) => user.display_name));
        cursor = page.pagination.next_cursor;
        const newcomer = await succeed(api.post('/users', { is_anonymous: true }));
        await succeed(api.delete(`/users/${newcomer.id}`));
      } while (cursor !== null);
      expect(seen).toHaveLength(30);
      expect(new Set(seen).size).toBe(30);
      expect([seen[0], seen.at(-1)]).toEqual(desc ? ['Listed 29', 'Listed 0'] : ['Listed 0', 'Listed 29']);
    }
  });

  it('are cut where an answer would become too large, and go on there', async () => {
    const { db } = server.testDatabase;
    await succeed(api.post('/teams', { display_name: 'Heavy' }));
    await db.query(
      `INSERT INTO "Team" ("tenancyId", "teamId", "displayName", "serverMetadata")
       SELECT t."tenancyId", gen_random_uuid(), 'Heavy ' || n, to_jsonb(repeat('x', 1000000))
       FROM "Team" t, generate_series(1, 30) n WHERE t."displayName" = 'Heavy'`,
    );
    const sizes: number[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: unknown[]; pagination: { next_cursor: string | null } } = await succeed(
        api.get(`/teams?query=heavy${cursor === null ? '' : `&cursor=${cursor}`}`),
      );
      sizes.push(page.items.length);
      cursor = page.pagination.next_cursor;
    } while (cursor !== null);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(31);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  });

  it('leave anonymous users out unless asked', async () => {
    const { id } = await succeed(api.post('/users', { is_anonymous: true, display_name: 'Masked' }));
    const ids = async (query: string) =>
      (await succeed(api.get(`/users?query=masked&${query}`))).items.map((user: { id: string }) => user.id);
    expect(await ids('')).toEqual([]);
    expect(await ids('include_anonymous=true')).toEqual([id]);
    expect(await ids('only_anonymous=true')).toEqual([id]);
    await succeed(api.patch(`/users/${id}`, { is_anonymous: false }));
    expect(await ids('')).toEqual([id]);
    expect(await ids('only_anonymous=true')).toEqual([]);
  });

  it('are found by name, address, part of either, or id', async () => {
    const user = await succeed(api.post('/users', { display_name: 'Zoë Ångström', primary_email: 'zoe@find.example' }));
    for (const query of ['zOë Å', 'ZOE@FIND', 'find.example', user.id.toUpperCase()]) {
      const { items } = await succeed(api.get(`/users?query=${encodeURIComponent(query)}`));
      expect(items.map(({ id }: { id: string }) => id)).toEqual([user.id]);
    }
  });
});

describe('the database', () => {
  it('creates a user in one round trip', async () => {
    const statements: string[] = [];
    const { pool } = server.testDatabase.db;
    pool.on('acquire', (client) => {
      const original = client.query.bind(client) as (...args: unknown[]) => unknown;
      client.query = ((...args: unknown[]) => {
        if (typeof args[0] === 'string') statements.push(args[0]);
        return original(...args);
      }) as typeof client.query;
    });
    await succeed(api.post('/users', { primary_email: newAddress() }));
    pool.removeAllListeners('acquire');
    const writes = new Set(statements.filter((text) => /insert|begin|commit/i.test(text)));
    expect([...writes]).toHaveLength(1);
  });
});
