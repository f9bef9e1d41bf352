import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';
import { deleted, pageOf, pageQuery, queryFlag, searchQuery, uuid } from '../schemas/fields.ts';
import { team, teamCreate, teamUpdate } from '../schemas/teams.ts';

const tag = 'Teams';
const params = z.object({ team_id: uuid });

/** The published client finds one team by listing all of them, and sends no limit. */
const ALL_TEAMS = 10_000;

export const createTeam = defineRoute({
  method: 'post',
  path: '/teams',
  access: 'server',
  tag,
  summary: 'Create a team',
  body: teamCreate,
  status: 201,
  reply: team,
  errors: ['USER_NOT_FOUND'],
});

export const listTeams = defineRoute({
  method: 'get',
  path: '/teams',
  access: 'server',
  tag,
  summary: 'List teams',
  query: z.strictObject({
    ...pageQuery(ALL_TEAMS, ALL_TEAMS),
    order_by: z.literal('created_at', 'must be created_at').optional(),
    desc: queryFlag.optional(),
    query: searchQuery.optional().openapi({ description: 'Part of the display name, in any case, or an id.' }),
    user_id: uuid.optional().openapi({ description: 'Only teams of this user.' }),
  }),
  status: 200,
  reply: pageOf(team),
  errors: ['USER_NOT_FOUND'],
});

export const getTeam = defineRoute({
  method: 'get',
  path: '/teams/{team_id}',
  access: 'server',
  tag,
  summary: 'Get a team',
  params,
  status: 200,
  reply: team,
  errors: ['TEAM_NOT_FOUND'],
});

export const updateTeam = defineRoute({
  method: 'patch',
  path: '/teams/{team_id}',
  access: 'server',
  tag,
  summary: 'Change a team',
  params,
  body: teamUpdate,
  status: 200,
  reply: team,
  errors: ['TEAM_NOT_FOUND'],
});

export const deleteTeam = defineRoute({
  method: 'delete',
  path: '/teams/{team_id}',
  access: 'server',
  tag,
  summary: 'Delete a team',
  description: 'With its memberships; the users stay.',
  params,
  status: 200,
  reply: deleted,
  errors: ['TEAM_NOT_FOUND'],
});
