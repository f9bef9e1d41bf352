import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';
import { deleted, pageOf, pageQuery, queryFlag, searchQuery, uuid } from '../schemas/fields.ts';
import { user, userCreate, userUpdate } from '../schemas/users.ts';

const tag = 'Users';
const params = z.object({ user_id: uuid });
const EMAIL_ERRORS = ['USER_EMAIL_ALREADY_EXISTS', 'PASSWORD_TOO_SHORT', 'PASSWORD_TOO_LONG'] as const;

export const createUser = defineRoute({
  method: 'post',
  path: '/users',
  access: 'server',
  tag,
  summary: 'Create a user',
  description: 'With `primary_email`, the user and its first contact channel come into being together.',
  body: userCreate,
  status: 201,
  reply: user,
  errors: EMAIL_ERRORS,
});

export const listUsers = defineRoute({
  method: 'get',
  path: '/users',
  access: 'server',
  tag,
  summary: 'List users',
  description: 'In the order of their sign-up. Anonymous users are left out unless asked for.',
  query: z.strictObject({
    ...pageQuery(100, 1_000),
    order_by: z.literal('signed_up_at', 'must be signed_up_at').optional(),
    desc: queryFlag.optional(),
    query: searchQuery
      .optional()
      .openapi({ description: 'Part of the display name or of an e-mail address, in any case, or an id.' }),
    team_id: uuid.optional().openapi({ description: 'Only members of this team.' }),
    include_anonymous: queryFlag.optional(),
    only_anonymous: queryFlag.optional(),
    include_restricted: queryFlag.optional().openapi({ description: 'Has no effect: nobody is restricted here.' }),
  }),
  status: 200,
  reply: pageOf(user),
  errors: ['TEAM_NOT_FOUND'],
});

export const getUser = defineRoute({
  method: 'get',
  path: '/users/{user_id}',
  access: 'server',
  tag,
  summary: 'Get a user',
  params,
  status: 200,
  reply: user,
  errors: ['USER_NOT_FOUND'],
});

export const updateUser = defineRoute({
  method: 'patch',
  path: '/users/{user_id}',
  access: 'server',
  tag,
  summary: 'Change a user',
  description:
    'Fields left out stay as they are. A new `primary_email` makes the contact channel of that address the primary ' +
    'one, creating it if need be; the one before stays as a contact channel. With null, no channel is primary.',
  params,
  body: userUpdate,
  status: 200,
  reply: user,
  errors: ['USER_NOT_FOUND', 'TEAM_MEMBERSHIP_NOT_FOUND', ...EMAIL_ERRORS],
});

export const deleteUser = defineRoute({
  method: 'delete',
  path: '/users/{user_id}',
  access: 'server',
  tag,
  summary: 'Delete a user',
  description: 'With its contact channels and team memberships.',
  params,
  status: 200,
  reply: deleted,
  errors: ['USER_NOT_FOUND'],
});
