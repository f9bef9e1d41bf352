import { randomUUID } from 'node:crypto';
import {
  KnownError,
  type RouteInput,
  type routes,
  type Team,
  type TeamCreate,
  type TeamUpdate,
} from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import { sql } from 'kysely';
import { withMeanings } from './constraints.ts';
import { assertUser } from './existence.ts';
import { afterCursor, type Page, pageOf, readPage } from './page.ts';
import { build, containing, jsonb, read, write } from './statements.ts';
import { type TeamRow, toTeam } from './team-rows.ts';
import { given } from './values.ts';

type ListQuery = RouteInput<typeof routes.listTeams>['query'];

/** Creates the team and, if one is named, its first member in one statement. */
export async function createTeam(database: Database, tenancyId: string, input: TeamCreate): Promise<Team> {
  const teamId = randomUUID();
  const insertTeam = build
    .insertInto('Team')
    .values({ tenancyId, teamId, displayName: input.display_name, ...columnsOf(input) })
    .returningAll();
  const creator = input.creator_user_id;
  const statement =
    creator === undefined
      ? insertTeam
      : build
          .with('t', () => insertTeam)
          .with('m', (q) => q.insertInto('TeamMember').values({ tenancyId, teamId, projectUserId: creator }))
          .selectFrom('t')
          .selectAll();
  const [row] = await withMeanings(write(database, statement), {
    TeamMember_tenancyId_projectUserId_fkey: () => new KnownError('USER_NOT_FOUND', {}),
  });
  return toTeam(row as TeamRow);
}

export async function getTeam(database: Database, tenancyId: string, teamId: string): Promise<Team> {
  const statement = build
    .selectFrom('Team')
    .selectAll()
    .where('tenancyId', '=', tenancyId)
    .where('teamId', '=', teamId);
  const [row] = await read(database, statement);
  return toTeamOrThrow(row, teamId);
}

export async function listTeams(database: Database, tenancyId: string, query: ListQuery): Promise<Page<Team>> {
  const direction = query.desc ? 'desc' : 'asc';
  let statement = build
    .selectFrom('Team as t')
    .selectAll()
    .select(sql<string>`t."createdAt"::text`.as('createdAtText'))
    .where('t.tenancyId', '=', tenancyId)
    .orderBy('t.createdAt', direction)
    .orderBy('t.teamId', direction)
    .limit(query.limit + 1);
  const after = afterCursor(query, 't.createdAt', 't.teamId');
  if (after) statement = statement.where(after);
  if (query.user_id) statement = statement.where(hasMember(query.user_id));
  if (query.query) statement = statement.where(matches(query.query));
  const rows = await readPage(database, statement, query, { time: 'createdAt', id: 'teamId' });
  if (rows.length === 0 && query.user_id) await assertUser(database, tenancyId, query.user_id);
  return pageOf(rows, query, (row) => ({ at: row.createdAtText, id: row.teamId }), toTeam);
}

export async function updateTeam(
  database: Database,
  tenancyId: string,
  teamId: string,
  update: TeamUpdate,
): Promise<Team> {
  const statement = build
    .updateTable('Team')
    .set({ ...given({ displayName: update.display_name }), ...columnsOf(update), updatedAt: sql`now()` })
    .where('tenancyId', '=', tenancyId)
    .where('teamId', '=', teamId)
    .returningAll();
  const [row] = await write(database, statement);
  return toTeamOrThrow(row, teamId);
}

/** Deletes the team; its members no longer have it selected. */
export async function deleteTeam(database: Database, tenancyId: string, teamId: string): Promise<void> {
  const statement = build
    .with('deselected', (q) =>
      q
        .updateTable('ProjectUser as p')
        .from('TeamMember as m')
        .set({ selectedTeamId: null })
        .where('m.tenancyId', '=', tenancyId)
        .where('m.teamId', '=', teamId)
        .whereRef('p.tenancyId', '=', 'm.tenancyId')
        .whereRef('p.projectUserId', '=', 'm.projectUserId')
        .where('p.selectedTeamId', '=', teamId),
    )
    .deleteFrom('Team')
    .where('tenancyId', '=', tenancyId)
    .where('teamId', '=', teamId)
    .returning('teamId');
  if ((await write(database, statement)).length === 0) throw new KnownError('TEAM_NOT_FOUND', { team_id: teamId });
}

function toTeamOrThrow(row: TeamRow | undefined, teamId: string): Team {
  if (row === undefined) throw new KnownError('TEAM_NOT_FOUND', { team_id: teamId });
  return toTeam(row);
}

function columnsOf(input: TeamCreate | TeamUpdate) {
  return given({
    profileImageUrl: input.profile_image_url,
    clientMetadata: jsonb(input.client_metadata),
    clientReadOnlyMetadata: jsonb(input.client_read_only_metadata),
    serverMetadata: jsonb(input.server_metadata),
  });
}

function hasMember(userId: string) {
  return sql<boolean>`EXISTS (
    SELECT 1 FROM "TeamMember" m
    WHERE m."tenancyId" = t."tenancyId" AND m."teamId" = t."teamId" AND m."projectUserId" = ${userId}
  )`;
}

function matches(text: string) {
  return sql<boolean>`(t."displayName" ILIKE ${containing(text)} OR t."teamId"::text = lower(${text}))`;
}
