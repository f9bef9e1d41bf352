import { randomUUID } from 'node:crypto';
import {
  KnownError,
  type RouteInput,
  type routes,
  type User,
  type UserCreate,
  type UserUpdate,
} from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { type Selectable, sql } from 'kysely';
import { assertTeam } from './existence.ts';
import { afterCursor, type Page, pageOf, readPage } from './page.ts';
import { hashPassword } from './passwords.ts';
import { changesEmail, updatePrimaryEmail, withEmailMeanings } from './primary-email.ts';
import type { ProjectUserTable } from './schema.ts';
import { build, containing, jsonb, read, run, write } from './statements.ts';
import { composeUser, selectUsers, toUser, type UserRow } from './user-rows.ts';
import { given } from './values.ts';

type ListQuery = RouteInput<typeof routes.listUsers>['query'];

/** Creates user and primary contact channel in one statement, so one cannot exist without the other. */
export async function createUser(database: Database, tenancyId: string, input: UserCreate): Promise<User> {
  const id = randomUUID();
  const passwordHash = (await hashPassword(input.password)) ?? null;
  const email = input.primary_email ?? null;
  const flags = {
    isVerified: input.primary_email_verified ?? false,
    usedForAuth: input.primary_email_auth_enabled ?? false,
  };
  const insertUser = build.insertInto('ProjectUser').values({
    tenancyId,
    projectUserId: id,
    ...columnsOf(input),
    isAnonymous: input.is_anonymous ?? false,
    passwordHash,
  });
  if (email === null) {
    const [row] = await write(database, insertUser.returningAll());
    return composeUser(row as Selectable<ProjectUserTable>, null, null);
  }
  const channel = { type: 'email' as const, value: email, isPrimary: true, ...flags };
  const statement = build
    .with('u', () => insertUser.returningAll())
    .with('c', (q) =>
      q.insertInto('ContactChannel').values({ tenancyId, id: randomUUID(), projectUserId: id, ...channel }),
    )
    .selectFrom('u')
    .selectAll();
  const [row] = await withEmailMeanings(write(database, statement), email);
  return composeUser(row as Selectable<ProjectUserTable>, channel, null);
}

export async function getUser(database: Database, tenancyId: string, userId: string): Promise<User> {
  const [row] = await read(database, selectUser(tenancyId, userId));
  return toUserOrThrow(row);
}

export async function listUsers(database: Database, tenancyId: string, query: ListQuery): Promise<Page<User>> {
  const direction = query.desc ? 'desc' : 'asc';
  let users = build
    .selectFrom('ProjectUser as p')
    .selectAll()
    .where('p.tenancyId', '=', tenancyId)
    .orderBy('p.signedUpAt', direction)
    .orderBy('p.projectUserId', direction)
    .limit(query.limit + 1);
  const after = afterCursor(query, 'p.signedUpAt', 'p.projectUserId');
  if (after) users = users.where(after);
  if (query.only_anonymous) users = users.where('p.isAnonymous', '=', true);
  else if (!query.include_anonymous) users = users.where('p.isAnonymous', '=', false);
  if (query.team_id) users = users.where(isMember(query.team_id));
  if (query.query) users = users.where(matches(query.query));
  const statement = selectUsers(build.with('u', () => users));
  const rows = await readPage(database, statement, query, { time: 'signedUpAt', id: 'projectUserId' });
  if (rows.length === 0 && query.team_id) await assertTeam(database, tenancyId, query.team_id);
  return pageOf(rows, query, (row) => ({ at: row.signedUpAtText, id: row.projectUserId }), toUser);
}

/** Most updates are one statement; those that touch other rows too are a transaction that locks the user first. */
export async function updateUser(
  database: Database,
  tenancyId: string,
  userId: string,
  update: UserUpdate,
): Promise<User> {
  const passwordHash = await hashPassword(update.password);
  const changed = build
    .updateTable('ProjectUser')
    .set({ ...columnsOf(update), ...given({ passwordHash, isAnonymous: update.is_anonymous }), updatedAt: sql`now()` })
    .where('tenancyId', '=', tenancyId)
    .where('projectUserId', '=', userId)
    .returningAll();
  if (!changesEmail(update) && update.selected_team_id === undefined) {
    const [row] = await write(database, selectUsers(build.with('u', () => changed)));
    return toUserOrThrow(row);
  }
  return await database.transaction(async (tx) => {
    if ((await run(tx, changed)).length === 0) throw new KnownError('USER_NOT_FOUND', {});
    if (changesEmail(update)) await updatePrimaryEmail(tx, { tenancyId, userId }, update);
    if (update.selected_team_id !== undefined) await selectTeam(tx, tenancyId, userId, update.selected_team_id);
    const [row] = await run(tx, selectUser(tenancyId, userId));
    return toUserOrThrow(row);
  });
}

export async function deleteUser(database: Database, tenancyId: string, userId: string): Promise<void> {
  const statement = build
    .deleteFrom('ProjectUser')
    .where('tenancyId', '=', tenancyId)
    .where('projectUserId', '=', userId)
    .returning('projectUserId');
  if ((await write(database, statement)).length === 0) throw new KnownError('USER_NOT_FOUND', {});
}

function selectUser(tenancyId: string, userId: string) {
  return selectUsers(
    build.with('u', (q) =>
      q.selectFrom('ProjectUser').selectAll().where('tenancyId', '=', tenancyId).where('projectUserId', '=', userId),
    ),
  );
}

function toUserOrThrow(row: UserRow | undefined): User {
  if (row === undefined) throw new KnownError('USER_NOT_FOUND', {});
  return toUser(row);
}

function columnsOf(input: UserCreate | UserUpdate) {
  return given({
    displayName: input.display_name,
    profileImageUrl: input.profile_image_url,
    clientMetadata: jsonb(input.client_metadata),
    clientReadOnlyMetadata: jsonb(input.client_read_only_metadata),
    serverMetadata: jsonb(input.server_metadata),
  });
}

async function selectTeam(tx: Queryable, tenancyId: string, userId: string, teamId: string | null): Promise<void> {
  if (teamId !== null) await lockMembership(tx, tenancyId, userId, teamId);
  const selection = build
    .updateTable('ProjectUser')
    .set({ selectedTeamId: teamId })
    .where('tenancyId', '=', tenancyId)
    .where('projectUserId', '=', userId);
  await run(tx, selection);
}

/** Keeps the membership from ending between this check and the commit. */
async function lockMembership(tx: Queryable, tenancyId: string, userId: string, teamId: string): Promise<void> {
  const membership = build
    .selectFrom('TeamMember')
    .select('teamId')
    .where('tenancyId', '=', tenancyId)
    .where('teamId', '=', teamId)
    .where('projectUserId', '=', userId)
    .forKeyShare();
  if ((await run(tx, membership)).length > 0) return;
  throw new KnownError('TEAM_MEMBERSHIP_NOT_FOUND', { team_id: teamId, user_id: userId });
}

function isMember(teamId: string) {
  return sql<boolean>`EXISTS (
    SELECT 1 FROM "TeamMember" m
    WHERE m."tenancyId" = p."tenancyId" AND m."teamId" = ${teamId} AND m."projectUserId" = p."projectUserId"
  )`;
}

function matches(text: string) {
  return sql<boolean>`(
    p."displayName" ILIKE ${containing(text)} OR p."projectUserId"::text = lower(${text}) OR EXISTS (
      SELECT 1 FROM "ContactChannel" c
      WHERE c."tenancyId" = p."tenancyId" AND c."projectUserId" = p."projectUserId" AND c."value" ILIKE ${containing(text)}
    )
  )`;
}
