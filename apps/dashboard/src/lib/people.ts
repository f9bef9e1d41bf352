import type { ContactChannelUpdate, TeamUpdate, UserCreate, UserUpdate } from '@hexclave/contract';
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { saveAndFollow } from './arrivals.ts';
import { clientFor } from './clients.ts';

const PER_PAGE = 50;

const peopleKey = (projectId: string) => ['project', projectId, 'people'];

export type UserFilter = { query: string; withAnonymous: boolean };

/** The newest first, page after page as one asks for them. */
export const usersQuery = (projectId: string, { query, withAnonymous }: UserFilter) =>
  infiniteQueryOptions({
    queryKey: [...peopleKey(projectId), 'users', query, withAnonymous],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      clientFor(projectId).users.list(
        {
          limit: PER_PAGE,
          desc: true,
          include_anonymous: withAnonymous,
          ...(query !== '' && { query }),
          ...(pageParam && { cursor: pageParam }),
        },
        { signal },
      ),
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });

export const userQuery = (projectId: string, userId: string) =>
  queryOptions({
    queryKey: [...peopleKey(projectId), 'user', userId],
    queryFn: ({ signal }) => clientFor(projectId).users.get(userId, { signal }),
  });

export const channelsQuery = (projectId: string, userId: string) =>
  queryOptions({
    queryKey: [...peopleKey(projectId), 'channels', userId],
    queryFn: ({ signal }) => clientFor(projectId).contactChannels.list(userId, { signal }),
  });

/** All teams, or those of one user. */
export const teamsQuery = (projectId: string, { query = '', userId }: { query?: string; userId?: string }) =>
  infiniteQueryOptions({
    queryKey: [...peopleKey(projectId), 'teams', query, userId],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      clientFor(projectId).teams.list(
        {
          limit: PER_PAGE,
          ...(query !== '' && { query }),
          ...(userId !== undefined && { user_id: userId }),
          ...(pageParam && { cursor: pageParam }),
        },
        { signal },
      ),
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });

export const teamQuery = (projectId: string, teamId: string) =>
  queryOptions({
    queryKey: [...peopleKey(projectId), 'team', teamId],
    queryFn: ({ signal }) => clientFor(projectId).teams.get(teamId, { signal }),
  });

export const membersQuery = (projectId: string, teamId: string) =>
  infiniteQueryOptions({
    queryKey: [...peopleKey(projectId), 'members', teamId],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      clientFor(projectId).teams.members.list(
        teamId,
        { limit: PER_PAGE, ...(pageParam && { cursor: pageParam }) },
        { signal },
      ),
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });

/** What one is called where there may be no name. */
export function nameOfUser(user: { display_name: string | null; primary_email: string | null; id: string }): string {
  return user.display_name ?? user.primary_email ?? user.id;
}

function useSaved<Input, Reply>(projectId: string, mutationFn: (input: Input) => Promise<Reply>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: peopleKey(projectId) });
    },
  });
}

/** Rows of a copy are found by their id. */
const byId = (id: string) => (table: string) => `SELECT * FROM ${table} WHERE id = '${id}';`;

export function useUserActions(projectId: string) {
  const { users } = clientFor(projectId);
  return {
    create: useSaved(projectId, (body: UserCreate) =>
      saveAndFollow(
        projectId,
        () => users.create(body),
        (user) => ({ what: `${nameOfUser(user)} was created`, mapping: 'users', find: byId(user.id) }),
      ),
    ),
    update: useSaved(projectId, ({ id, changes }: { id: string; changes: UserUpdate }) =>
      saveAndFollow(
        projectId,
        () => users.update(id, changes),
        (user) => ({ what: `${nameOfUser(user)} was changed`, mapping: 'users', find: byId(id) }),
      ),
    ),
    remove: useSaved(projectId, ({ id, name }: { id: string; name: string }) =>
      saveAndFollow(
        projectId,
        () => users.delete(id),
        () => ({ what: `${name} was deleted`, mapping: 'users', find: undefined }),
      ),
    ),
  };
}

export function useChannelActions(projectId: string, userId: string) {
  const { contactChannels } = clientFor(projectId);
  const changed = (what: string, id?: string) => ({
    what,
    mapping: 'contact_channels',
    find: id === undefined ? undefined : byId(id),
  });
  return {
    create: useSaved(projectId, (value: string) =>
      saveAndFollow(
        projectId,
        () => contactChannels.create({ user_id: userId, type: 'email', value }),
        (channel) => changed(`${channel.value} was added`, channel.id),
      ),
    ),
    update: useSaved(projectId, ({ id, changes }: { id: string; changes: ContactChannelUpdate }) =>
      saveAndFollow(
        projectId,
        () => contactChannels.update(userId, id, changes),
        (channel) => changed(`${channel.value} was changed`, id),
      ),
    ),
    remove: useSaved(projectId, ({ id, value }: { id: string; value: string }) =>
      saveAndFollow(
        projectId,
        () => contactChannels.delete(userId, id),
        () => changed(`${value} was deleted`),
      ),
    ),
  };
}

export function useTeamActions(projectId: string) {
  const { teams } = clientFor(projectId);
  return {
    create: useSaved(projectId, (name: string) =>
      saveAndFollow(
        projectId,
        () => teams.create({ display_name: name }),
        (team) => ({ what: `${team.display_name} was created`, mapping: 'teams', find: byId(team.id) }),
      ),
    ),
    update: useSaved(projectId, ({ id, changes }: { id: string; changes: TeamUpdate }) =>
      saveAndFollow(
        projectId,
        () => teams.update(id, changes),
        (team) => ({ what: `${team.display_name} was changed`, mapping: 'teams', find: byId(id) }),
      ),
    ),
    remove: useSaved(projectId, ({ id, name }: { id: string; name: string }) =>
      saveAndFollow(
        projectId,
        () => teams.delete(id),
        () => ({ what: `${name} was deleted`, mapping: 'teams', find: undefined }),
      ),
    ),
  };
}

type Membership = { teamId: string; userId: string; what: string };

export function useMembershipActions(projectId: string) {
  const { members } = clientFor(projectId).teams;
  return {
    add: useSaved(projectId, ({ teamId, userId, what }: Membership) =>
      saveAndFollow(
        projectId,
        () => members.add(teamId, userId),
        () => ({
          what,
          mapping: 'team_member_profiles',
          find: (table: string) => `SELECT * FROM ${table} WHERE team_id = '${teamId}' AND user_id = '${userId}';`,
        }),
      ),
    ),
    remove: useSaved(projectId, ({ teamId, userId, what }: Membership) =>
      saveAndFollow(
        projectId,
        () => members.remove(teamId, userId),
        () => ({ what, mapping: 'team_member_profiles', find: undefined }),
      ),
    ),
  };
}
