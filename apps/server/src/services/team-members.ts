import {
  KnownError,
  type RouteInput,
  type routes,
  type TeamMemberProfile,
  type TeamMemberProfileUpdate,
  type TeamMembership,
} from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { sql } from 'kysely';
import { withMeanings } from './constraints.ts';
import { assertTeam, lockUser } from './existence.ts';
import { afterCursor, type Page, pageOf, readPage } from './page.ts';
import { build, read, run, write } from './statements.ts';
import { selectUsers, toUser, type UserRow } from './user-rows.ts';
import { given } from './values.ts';

type ListQuery = RouteInput<typeof routes.listTeamMemberProfiles>['query'];
type Member = { tenancyId: string; teamId: string; userId: string };

export async function addMember(database: Database, member: Member): Promise<TeamMembership> {
  const { tenancyId, teamId, userId } = member;
  const statement = build.insertInto('TeamMember').values({ tenancyId, teamId, projectUserId: userId });
  await withMeanings(write(database, statement), {
    TeamMember_pkey: () => new KnownError('TEAM_MEMBERSHIP_ALREADY_EXISTS', {}),
    TeamMember_tenancyId_teamId_fkey: () => new KnownError('TEAM_NOT_FOUND', { team_id: teamId }),
    TeamMember_tenancyId_projectUserId_fkey: () => new KnownError('USER_NOT_FOUND', {}),
  });
  return { team_id: teamId, user_id: userId };
}

/** Ends the membership; the user no longer has the team selected. */
export async function removeMember(database: Database, member: Member): Promise<void> {
  await database.transaction(async (tx) => {
    const user = await lockUser(tx, member.tenancyId, member.userId);
    if (user === undefined || !(await endMembership(tx, member))) throw membershipNotFound(member);
    if (user.selectedTeamId === member.teamId) await deselectTeam(tx, member);
  });
}

async function endMembership(tx: Queryable, member: Member): Promise<boolean> {
  const statement = build
    .deleteFrom('TeamMember')
    .where('tenancyId', '=', member.tenancyId)
    .where('teamId', '=', member.teamId)
    .where('projectUserId', '=', member.userId)
    .returning('teamId');
  return (await run(tx, statement)).length > 0;
}

async function deselectTeam(tx: Queryable, member: Member): Promise<void> {
  const statement = build
    .updateTable('ProjectUser')
    .set({ selectedTeamId: null })
    .where('tenancyId', '=', member.tenancyId)
    .where('projectUserId', '=', member.userId);
  await run(tx, statement);
}

export async function getMemberProfile(database: Database, member: Member): Promise<TeamMemberProfile> {
  const statement = selectProfiles(member.tenancyId, member.teamId).where('m.projectUserId', '=', member.userId);
  const [row] = await read(database, statement);
  if (row === undefined) throw membershipNotFound(member);
  return toProfile(row);
}

export async function listMemberProfiles(
  database: Database,
  tenancyId: string,
  query: ListQuery,
): Promise<Page<TeamMemberProfile>> {
  let statement = selectProfiles(tenancyId, query.team_id)
    .orderBy('m.createdAt')
    .orderBy('m.projectUserId')
    .limit(query.limit + 1);
  const after = afterCursor(query, 'm.createdAt', 'm.projectUserId');
  if (after) statement = statement.where(after);
  if (query.user_id) statement = statement.where('m.projectUserId', '=', query.user_id);
  const rows = await readPage(database, statement, query, { time: 'memberSince', id: 'projectUserId' });
  if (rows.length === 0) await assertTeam(database, tenancyId, query.team_id);
  return pageOf(rows, query, (row) => ({ at: row.memberSinceText, id: row.projectUserId }), toProfile);
}

export async function updateMemberProfile(
  database: Database,
  member: Member,
  update: TeamMemberProfileUpdate,
): Promise<TeamMemberProfile> {
  const statement = build
    .updateTable('TeamMember')
    .set({
      ...given({ displayName: update.display_name, profileImageUrl: update.profile_image_url }),
      updatedAt: sql`now()`,
    })
    .where('tenancyId', '=', member.tenancyId)
    .where('teamId', '=', member.teamId)
    .where('projectUserId', '=', member.userId)
    .returning('teamId');
  if ((await write(database, statement)).length === 0) throw membershipNotFound(member);
  return await getMemberProfile(database, member);
}

type ProfileRow = UserRow & {
  teamId: string;
  memberSinceText: string;
  memberDisplayName: string | null;
  memberProfileImageUrl: string | null;
};

function selectProfiles(tenancyId: string, teamId: string) {
  return selectUsers(build.with('u', (q) => q.selectFrom('ProjectUser').selectAll().where('tenancyId', '=', tenancyId)))
    .innerJoin('TeamMember as m', (join) =>
      join.onRef('m.tenancyId', '=', 'u.tenancyId').onRef('m.projectUserId', '=', 'u.projectUserId'),
    )
    .where('m.tenancyId', '=', tenancyId)
    .where('m.teamId', '=', teamId)
    .select([
      'm.teamId',
      'm.createdAt as memberSince',
      'm.displayName as memberDisplayName',
      'm.profileImageUrl as memberProfileImageUrl',
      sql<string>`m."createdAt"::text`.as('memberSinceText'),
    ]);
}

function toProfile(row: ProfileRow): TeamMemberProfile {
  return {
    team_id: row.teamId,
    user_id: row.projectUserId,
    display_name: row.memberDisplayName ?? row.displayName,
    profile_image_url: row.memberProfileImageUrl ?? row.profileImageUrl,
    user: toUser(row),
  };
}

function membershipNotFound(member: Member): KnownError {
  return new KnownError('TEAM_MEMBERSHIP_NOT_FOUND', { team_id: member.teamId, user_id: member.userId });
}
