import {
  type AnyRoute,
  KnownError,
  type RouteInput,
  type RouteReply,
  type RouteStep,
  type routes,
} from '@hexclave/contract';
import * as apiKeys from '../services/api-keys.ts';
import type { Authentication } from '../services/authentication.ts';
import * as config from '../services/config.ts';
import * as contactChannels from '../services/contact-channels.ts';
import { assertHealthy } from '../services/health.ts';
import * as projects from '../services/projects.ts';
import * as status from '../services/status-access.ts';
import * as teamMembers from '../services/team-members.ts';
import * as teams from '../services/teams.ts';
import * as users from '../services/users.ts';
import { controlHandlers } from './control-handlers.ts';
import type { HttpServices } from './environment.ts';
import type { Work } from './step-stream.ts';

const DELETED = { success: true } as const;

type Routes = typeof routes;

/** What answers a route. Public routes have no authentication. */
export type Handler<R extends AnyRoute> = (
  services: HttpServices,
  authentication: R['access'] extends 'public' ? undefined : Authentication,
  input: RouteInput<R>,
  work: Work<RouteStep<R>>,
) => Promise<RouteReply<R>>;

export type Handlers = { [Name in keyof Routes]: Handler<Routes[Name]> };

/** A handler for every route of the contract: one that is missing does not compile. */
export const handlers: Handlers = {
  createUser: ({ database }, { tenancyId }, { body }) => users.createUser(database, tenancyId, body),
  listUsers: ({ database }, { tenancyId }, { query }) => users.listUsers(database, tenancyId, query),
  getUser: ({ database }, { tenancyId }, { params }) => users.getUser(database, tenancyId, params.user_id),
  updateUser: ({ database }, { tenancyId }, { params, body }) =>
    users.updateUser(database, tenancyId, params.user_id, body),
  deleteUser: async ({ database }, { tenancyId }, { params }) => {
    await users.deleteUser(database, tenancyId, params.user_id);
    return DELETED;
  },

  createContactChannel: ({ database }, { tenancyId }, { body }) =>
    contactChannels.createContactChannel(database, tenancyId, body),
  listContactChannels: ({ database }, { tenancyId }, { query }) =>
    contactChannels.listContactChannels(database, tenancyId, query.user_id),
  getContactChannel: ({ database }, { tenancyId }, { params }) =>
    contactChannels.getContactChannel(database, channelId(tenancyId, params)),
  updateContactChannel: ({ database }, { tenancyId }, { params, body }) =>
    contactChannels.updateContactChannel(database, channelId(tenancyId, params), body),
  deleteContactChannel: async ({ database }, { tenancyId }, { params }) => {
    await contactChannels.deleteContactChannel(database, channelId(tenancyId, params));
    return DELETED;
  },

  ...controlHandlers,

  getSyncStatus: (services, authentication, { query }) => status.readStatus(services, authentication, query),
  getSyncStatusHistory: (services, authentication, { query }) => status.readHistory(services, authentication, query),

  createTeam: ({ database }, { tenancyId }, { body }) => teams.createTeam(database, tenancyId, body),
  listTeams: ({ database }, { tenancyId }, { query }) => teams.listTeams(database, tenancyId, query),
  getTeam: ({ database }, { tenancyId }, { params }) => teams.getTeam(database, tenancyId, params.team_id),
  updateTeam: ({ database }, { tenancyId }, { params, body }) =>
    teams.updateTeam(database, tenancyId, params.team_id, body),
  deleteTeam: async ({ database }, { tenancyId }, { params }) => {
    await teams.deleteTeam(database, tenancyId, params.team_id);
    return DELETED;
  },

  createTeamMembership: ({ database }, { tenancyId }, { params }) =>
    teamMembers.addMember(database, memberId(tenancyId, params)),
  deleteTeamMembership: async ({ database }, { tenancyId }, { params }) => {
    await teamMembers.removeMember(database, memberId(tenancyId, params));
    return DELETED;
  },
  listTeamMemberProfiles: ({ database }, { tenancyId }, { query }) =>
    teamMembers.listMemberProfiles(database, tenancyId, query),
  getTeamMemberProfile: ({ database }, { tenancyId }, { params }) =>
    teamMembers.getMemberProfile(database, memberId(tenancyId, params)),
  updateTeamMemberProfile: ({ database }, { tenancyId }, { params, body }) =>
    teamMembers.updateMemberProfile(database, memberId(tenancyId, params), body),

  getClientProject: ({ database }, { projectId }) => projects.getClientProject(database, projectId),
  getCurrentProject: ({ database }, { projectId }) => projects.getProject(database, projectId),
  updateCurrentProject: ({ database }, authentication, { body }) =>
    projects.updateProject(database, authentication.projectId, authentication, body),
  deleteCurrentProject: async ({ database }, authentication) => {
    await projects.deleteProject(database, authentication.projectId, authentication);
    return DELETED;
  },
  createProject: ({ database }, authentication, { body }) => projects.createProject(database, authentication, body),
  listProjects: ({ database }, _authentication, { query }) => projects.listProjects(database, query),
  getProject: ({ database }, _authentication, { params }) => projects.getProject(database, params.project_id),
  updateProject: ({ database }, authentication, { params, body }) =>
    projects.updateProject(database, params.project_id, authentication, body),
  deleteProject: async ({ database }, authentication, { params }) => {
    await projects.deleteProject(database, params.project_id, authentication);
    return DELETED;
  },

  createApiKeySet: async ({ database }, authentication, { query, body }) =>
    apiKeys.createApiKeySet(database, targetProject(authentication, query.project_id), authentication, body),
  listApiKeySets: async ({ database }, authentication, { query }) =>
    apiKeys.listApiKeySets(database, targetProject(authentication, query.project_id)),
  getApiKeySet: async ({ database }, authentication, { params, query }) =>
    apiKeys.getApiKeySet(database, targetProject(authentication, query.project_id), params.api_key_id),
  updateApiKeySet: async ({ database }, authentication, { params, query, body }) => {
    const projectId = targetProject(authentication, query.project_id);
    return apiKeys.updateApiKeySet(database, projectId, authentication, params.api_key_id, body);
  },

  getConfig: (services, authentication) => config.readConfig(services, authentication),
  getConfigOverride: (services, authentication) => config.readConfigOverride(services, authentication),
  patchConfigOverride: async (services, authentication, { body }) => {
    await config.patchConfigOverride(services, authentication, authentication, body.config_override_string);
    return { success: true };
  },

  getHealth: async ({ database }) => {
    await assertHealthy(database);
    return { status: 'ok' };
  },
};

function channelId(tenancyId: string, params: { user_id: string; contact_channel_id: string }) {
  return { tenancyId, userId: params.user_id, channelId: params.contact_channel_id };
}

function memberId(tenancyId: string, params: { team_id: string; user_id: string }) {
  return { tenancyId, teamId: params.team_id, userId: params.user_id };
}

/** Admins of the internal project may name another one; to the others, other projects do not exist. */
function targetProject(authentication: Authentication, named: string | undefined): string {
  if (named === undefined || named === authentication.projectId) return authentication.projectId;
  if (authentication.projectId === projects.INTERNAL_PROJECT_ID) return named;
  throw new KnownError('PROJECT_NOT_FOUND', { project_id: named });
}
