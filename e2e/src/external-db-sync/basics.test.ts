import { createEmptyDatabase } from '@hexclave/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { succeed } from '../support/api-client.ts';
import { createInstallation, type Installation } from './support/installation.ts';
import type { ExternalDatabase, Project } from './support/project.ts';

let hexclave: Installation;
let project: Project;
let external: ExternalDatabase;

beforeAll(async () => {
  hexclave = await createInstallation();
});

afterAll(() => hexclave.close());

beforeEach(async () => {
  project = await hexclave.createProject();
  external = await project.addExternalDatabase();
});

const rows = (table: string, columns = '*') =>
  external.database.db.query<Record<string, unknown>>(`SELECT ${columns} FROM hexclave.${table} ORDER BY 1`);

test('tables are created by themselves, with the columns that are promised', async () => {
  await project.converged(external);
  const columns = await external.database.db.query<{ table: string; columns: string }>(
    `SELECT table_name AS table, string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) AS columns
     FROM information_schema.columns WHERE table_schema = 'hexclave' AND table_name NOT LIKE '\\_%' GROUP BY 1 ORDER BY 1`,
  );
  expect(columns).toEqual([
    {
      table: 'contact_channels',
      columns:
        'id uuid, user_id uuid, type text, value text, is_primary boolean, is_verified boolean, used_for_auth boolean, created_at timestamp with time zone',
    },
    {
      table: 'team_member_profiles',
      columns:
        'team_id uuid, user_id uuid, display_name text, profile_image_url text, created_at timestamp with time zone',
    },
    {
      table: 'teams',
      columns:
        'id uuid, display_name text, profile_image_url text, client_metadata jsonb, client_read_only_metadata jsonb, server_metadata jsonb, created_at timestamp with time zone',
    },
    {
      table: 'users',
      columns:
        'id uuid, display_name text, profile_image_url text, primary_email text, primary_email_verified boolean, signed_up_at timestamp with time zone, client_metadata jsonb, client_read_only_metadata jsonb, server_metadata jsonb, is_anonymous boolean',
    },
  ]);
});

describe('a full life cycle arrives:', () => {
  test('of a user', async () => {
    const user = await succeed(
      project.api.post('/users', {
        display_name: 'Ada Lovelace',
        primary_email: 'ada@example.com',
        primary_email_verified: true,
        profile_image_url: 'https://example.com/ada.png',
        client_metadata: { plan: 'free' },
        client_read_only_metadata: [1, 2],
        server_metadata: 'a text',
      }),
    );
    await project.converged(external);
    expect(await rows('users')).toEqual([
      {
        id: user.id,
        display_name: 'Ada Lovelace',
        profile_image_url: 'https://example.com/ada.png',
        primary_email: 'ada@example.com',
        primary_email_verified: true,
        signed_up_at: new Date(user.signed_up_at_millis),
        client_metadata: { plan: 'free' },
        client_read_only_metadata: [1, 2],
        server_metadata: 'a text',
        is_anonymous: false,
      },
    ]);

    await succeed(
      project.api.patch(`/users/${user.id}`, {
        display_name: null,
        primary_email_verified: false,
        client_metadata: { plan: 'pro' },
        server_metadata: null,
      }),
    );
    await project.converged(external);
    expect(await rows('users')).toMatchObject([
      { display_name: null, primary_email_verified: false, client_metadata: { plan: 'pro' }, server_metadata: null },
    ]);

    await succeed(project.api.delete(`/users/${user.id}`));
    await project.converged(external);
    expect(await rows('users')).toEqual([]);
  });

  test('of a contact channel, which changes the e-mail of its user', async () => {
    const { id: user_id } = await succeed(project.api.post('/users', { display_name: 'Grace' }));
    const email = { type: 'email', user_id, value: 'grace@example.com', is_primary: true, is_verified: true };
    const channel = await succeed(project.api.post('/contact-channels', email));
    await project.converged(external);
    expect(await rows('contact_channels')).toMatchObject([{ ...email, id: channel.id, used_for_auth: false }]);
    expect(await rows('users')).toMatchObject([{ primary_email: email.value, primary_email_verified: true }]);

    const path = `/contact-channels/${user_id}/${channel.id}`;
    await succeed(project.api.patch(path, { value: 'hopper@example.com' }));
    await project.converged(external);
    expect(await rows('contact_channels')).toMatchObject([{ value: 'hopper@example.com', is_verified: false }]);
    expect(await rows('users')).toMatchObject([{ primary_email: 'hopper@example.com', primary_email_verified: false }]);

    await succeed(project.api.delete(path));
    await project.converged(external);
    expect(await rows('contact_channels')).toEqual([]);
    expect(await rows('users')).toMatchObject([{ primary_email: null, primary_email_verified: false }]);
  });

  test('of a team', async () => {
    const team = await succeed(
      project.api.post('/teams', { display_name: 'Compilers', server_metadata: { floor: 3 } }),
    );
    await project.converged(external);
    expect(await rows('teams')).toMatchObject([
      {
        id: team.id,
        display_name: 'Compilers',
        server_metadata: { floor: 3 },
        created_at: new Date(team.created_at_millis),
      },
    ]);
    await succeed(project.api.patch(`/teams/${team.id}`, { display_name: 'Linkers' }));
    await project.converged(external);
    expect(await rows('teams')).toMatchObject([{ display_name: 'Linkers' }]);
    await succeed(project.api.delete(`/teams/${team.id}`));
    await project.converged(external);
    expect(await rows('teams')).toEqual([]);
  });

  test('of a team member profile', async () => {
    const user = await succeed(project.api.post('/users', { display_name: 'Ada' }));
    const team = await succeed(project.api.post('/teams', { display_name: 'Compilers' }));
    const [profile, membership] = ['profiles', 'memberships'].map((kind) => {
      return `/team-${kind === 'profiles' ? 'member-profiles' : kind}/${team.id}/${user.id}`;
    }) as [string, string];
    await succeed(project.api.post(membership));
    await project.converged(external);
    expect(await rows('team_member_profiles')).toMatchObject([
      { team_id: team.id, user_id: user.id, display_name: null },
    ]);
    await succeed(project.api.patch(profile, { display_name: 'The Countess' }));
    await project.converged(external);
    expect(await rows('team_member_profiles')).toMatchObject([{ display_name: 'The Countess' }]);
    await succeed(project.api.delete(membership));
    await project.converged(external);
    expect(await rows('team_member_profiles')).toEqual([]);
  });
});

test('several e-mails are one user and several channels, and the primary one is the user’s', async () => {
  const { id: user_id } = await succeed(project.api.post('/users', { primary_email: 'first@example.com' }));
  for (const value of ['second@example.com', 'third@example.com']) {
    await succeed(project.api.post('/contact-channels', { type: 'email', user_id, value }));
  }
  await project.converged(external);
  expect(await rows('users', 'primary_email')).toEqual([{ primary_email: 'first@example.com' }]);
  expect(await rows('contact_channels', 'value, is_primary')).toEqual([
    { value: 'first@example.com', is_primary: true },
    { value: 'second@example.com', is_primary: false },
    { value: 'third@example.com', is_primary: false },
  ]);

  const { items } = await succeed(project.api.get(`/contact-channels?user_id=${user_id}`));
  const third = items.find((channel: { value: string }) => channel.value === 'third@example.com');
  await succeed(project.api.patch(`/contact-channels/${user_id}/${third.id}`, { is_primary: true }));
  await project.converged(external);
  expect(await rows('users', 'primary_email')).toEqual([{ primary_email: 'third@example.com' }]);
  expect(await rows('contact_channels', 'value, is_primary')).toEqual([
    { value: 'first@example.com', is_primary: false },
    { value: 'second@example.com', is_primary: false },
    { value: 'third@example.com', is_primary: true },
  ]);
});

describe('what goes with something else goes in the copy too:', () => {
  let users: string[];
  let teams: string[];

  beforeEach(async () => {
    [users, teams] = [[], []];
    for (const name of ['one', 'two']) {
      const user = await succeed(project.api.post('/users', { primary_email: `${name}@example.com` }));
      const team = await succeed(project.api.post('/teams', { display_name: name }));
      users.push(user.id);
      teams.push(team.id);
    }
    for (const team of teams) {
      for (const user of users) await succeed(project.api.post(`/team-memberships/${team}/${user}`));
    }
    await project.converged(external);
    expect(await rows('team_member_profiles')).toHaveLength(4);
  });

  test('a user’s contact channels and profiles', async () => {
    await succeed(project.api.delete(`/users/${users[0]}`));
    await project.converged(external);
    expect(await rows('contact_channels', 'user_id')).toEqual([{ user_id: users[1] }]);
    expect((await rows('team_member_profiles', 'user_id')).map((row) => row.user_id)).toEqual([users[1], users[1]]);
    expect(await rows('teams')).toHaveLength(2);
  });

  test('a team’s profiles', async () => {
    await succeed(project.api.delete(`/teams/${teams[0]}`));
    await project.converged(external);
    expect((await rows('team_member_profiles', 'team_id')).map((row) => row.team_id)).toEqual([teams[1], teams[1]]);
    expect(await rows('users')).toHaveLength(2);
  });

  test('everything of a project, in a copy that nobody touches any more', async () => {
    await succeed(project.admin.delete('/internal/projects/current'));
    expect(
      await hexclave.db.query('SELECT 1 FROM "ExternalDatabase" WHERE "tenancyId" = $1', [project.tenancyId]),
    ).toEqual([]);
    await project.settled();
    expect(await rows('users')).toHaveLength(2);
  });
});

test('one bad external database does not stop another, and says what is wrong with it', async () => {
  const bad = await project.addExternalDatabase({
    id: 'bad',
    connectionString: external.database.connectionString.replace(/\/[^/]*$/, '/there_is_no_such_database'),
    database: external.database,
  });
  const good = await project.addExternalDatabase({ id: 'good', database: await createEmptyDatabase() });
  await succeed(project.api.post('/users', { display_name: 'Ada' }));
  await project.converged(external);
  await project.converged(good);
  const failure = await project.failed(bad);
  expect(failure).toMatchObject({ errorCode: 'TARGET_DATABASE_MISSING', errorSqlState: '3D000' });
  expect(failure.failingSince).toBeInstanceOf(Date);
  expect(await project.failureOf(good)).toMatchObject({ errorCode: null });
});
