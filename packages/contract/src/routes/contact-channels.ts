import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';
import { contactChannel, contactChannelCreate, contactChannelUpdate } from '../schemas/contact-channels.ts';
import { deleted, listOf, uuid } from '../schemas/fields.ts';

const tag = 'Contact channels';
const params = z.object({ user_id: uuid, contact_channel_id: uuid });
const VALUE_ERRORS = [
  'CONTACT_CHANNEL_ALREADY_EXISTS',
  'CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE',
] as const;

export const createContactChannel = defineRoute({
  method: 'post',
  path: '/contact-channels',
  access: 'server',
  tag,
  summary: 'Create a contact channel',
  description: 'With `is_primary`, the channel that was primary before no longer is.',
  body: contactChannelCreate,
  status: 201,
  reply: contactChannel,
  errors: ['USER_NOT_FOUND', ...VALUE_ERRORS],
});

export const listContactChannels = defineRoute({
  method: 'get',
  path: '/contact-channels',
  access: 'server',
  tag,
  summary: 'List the contact channels of a user',
  query: z.strictObject({ user_id: uuid }),
  status: 200,
  reply: listOf(contactChannel),
  errors: ['USER_NOT_FOUND'],
});

export const getContactChannel = defineRoute({
  method: 'get',
  path: '/contact-channels/{user_id}/{contact_channel_id}',
  access: 'server',
  tag,
  summary: 'Get a contact channel',
  params,
  status: 200,
  reply: contactChannel,
  errors: ['CONTACT_CHANNEL_NOT_FOUND'],
});

export const updateContactChannel = defineRoute({
  method: 'patch',
  path: '/contact-channels/{user_id}/{contact_channel_id}',
  access: 'server',
  tag,
  summary: 'Change a contact channel',
  params,
  body: contactChannelUpdate,
  status: 200,
  reply: contactChannel,
  errors: ['CONTACT_CHANNEL_NOT_FOUND', ...VALUE_ERRORS],
});

export const deleteContactChannel = defineRoute({
  method: 'delete',
  path: '/contact-channels/{user_id}/{contact_channel_id}',
  access: 'server',
  tag,
  summary: 'Delete a contact channel',
  description: 'No other channel becomes primary in the place of a primary one.',
  params,
  status: 200,
  reply: deleted,
  errors: ['CONTACT_CHANNEL_NOT_FOUND'],
});
