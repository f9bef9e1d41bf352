import type { TeamMemberProfileUpdate, TeamUpdate } from '@hexclave/contract';
import type { Call, RequestOf } from '../call.ts';
import { everyItem } from '../pages.ts';
import type { CallOptions } from '../transport.ts';

type Create = RequestOf<'createTeam'>['body'];
type Query = NonNullable<RequestOf<'listTeams'>['query']>;

export function teamsOf(call: Call) {
  const list = (query: Query = {}, options?: CallOptions) => call('listTeams', { query }, options);
  return {
    create: (team: Create, options?: CallOptions) => call('createTeam', { body: team }, options),
    /** One page. */
    list,
    /** All of them, page after page. */
    all: (query: Query = {}, options?: CallOptions) => everyItem((page: Query) => list(page, options), query),
    get: (teamId: string, options?: CallOptions) => call('getTeam', { params: { team_id: teamId } }, options),
    /** Fields left out stay as they are. */
    update: (teamId: string, changes: TeamUpdate, options?: CallOptions) =>
      call('updateTeam', { params: { team_id: teamId }, body: changes }, options),
    delete: (teamId: string, options?: CallOptions) => call('deleteTeam', { params: { team_id: teamId } }, options),
    members: membersOf(call),
  };
}

type MembersQuery = Omit<RequestOf<'listTeamMemberProfiles'>['query'], 'team_id'>;

function membersOf(call: Call) {
  const list = (teamId: string, query: MembersQuery = {}, options?: CallOptions) =>
    call('listTeamMemberProfiles', { query: { ...query, team_id: teamId } }, options);
  return {
    add: (teamId: string, userId: string, options?: CallOptions) =>
      call('createTeamMembership', { params: paramsOf(teamId, userId) }, options),
    remove: (teamId: string, userId: string, options?: CallOptions) =>
      call('deleteTeamMembership', { params: paramsOf(teamId, userId) }, options),
    /** One page, with how each member appears in the team. */
    list,
    /** All of them, page after page. */
    all: (teamId: string, query: MembersQuery = {}, options?: CallOptions) =>
      everyItem((page: MembersQuery) => list(teamId, page, options), query),
    get: (teamId: string, userId: string, options?: CallOptions) =>
      call('getTeamMemberProfile', { params: paramsOf(teamId, userId) }, options),
    update: (teamId: string, userId: string, changes: TeamMemberProfileUpdate, options?: CallOptions) =>
      call('updateTeamMemberProfile', { params: paramsOf(teamId, userId), body: changes }, options),
  };
}

function paramsOf(teamId: string, userId: string) {
  return { team_id: teamId, user_id: userId };
}
