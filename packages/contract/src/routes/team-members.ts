import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';
import { deleted, pageOf, pageQuery, uuid } from '../schemas/fields.ts';
import { teamMemberProfile, teamMemberProfileUpdate, teamMembership } from '../schemas/team-members.ts';

const params = z.object({ team_id: uuid, user_id: uuid });

/** The published client reads the members of a team without a limit and knows no further page. */
const ALL_MEMBERS = 10_000;

export const createTeamMembership = defineRoute({
  method: 'post',
  path: '/team-memberships/{team_id}/{user_id}',
  access: 'server',
  tag: 'Team memberships',
  summary: 'Add a user to a team',
  params,
  status: 201,
  reply: teamMembership,
  errors: ['TEAM_NOT_FOUND', 'USER_NOT_FOUND', 'TEAM_MEMBERSHIP_ALREADY_EXISTS'],
});

export const deleteTeamMembership = defineRoute({
  method: 'delete',
  path: '/team-memberships/{team_id}/{user_id}',
  access: 'server',
  tag: 'Team memberships',
  summary: 'Remove a user from a team',
  params,
  status: 200,
  reply: deleted,
  errors: ['TEAM_MEMBERSHIP_NOT_FOUND'],
});

export const listTeamMemberProfiles = defineRoute({
  method: 'get',
  path: '/team-member-profiles',
  access: 'server',
  tag: 'Team member profiles',
  summary: 'List the members of a team',
  query: z.strictObject({ ...pageQuery(ALL_MEMBERS, ALL_MEMBERS), team_id: uuid, user_id: uuid.optional() }),
  status: 200,
  reply: pageOf(teamMemberProfile),
  errors: ['TEAM_NOT_FOUND'],
});

export const getTeamMemberProfile = defineRoute({
  method: 'get',
  path: '/team-member-profiles/{team_id}/{user_id}',
  access: 'server',
  tag: 'Team member profiles',
  summary: 'Get a member of a team',
  params,
  status: 200,
  reply: teamMemberProfile,
  errors: ['TEAM_MEMBERSHIP_NOT_FOUND'],
});

export const updateTeamMemberProfile = defineRoute({
  method: 'patch',
  path: '/team-member-profiles/{team_id}/{user_id}',
  access: 'server',
  tag: 'Team member profiles',
  summary: 'Change how a user appears in a team',
  params,
  body: teamMemberProfileUpdate,
  status: 200,
  reply: teamMemberProfile,
  errors: ['TEAM_MEMBERSHIP_NOT_FOUND'],
});
