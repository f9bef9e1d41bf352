import type { ContactChannelUpdate } from '@hexclave/contract';
import type { Call, RequestOf } from '../call.ts';
import type { CallOptions } from '../transport.ts';

type Create = RequestOf<'createContactChannel'>['body'];

export function contactChannelsOf(call: Call) {
  return {
    create: (channel: Create, options?: CallOptions) => call('createContactChannel', { body: channel }, options),
    /** All of one user. */
    list: async (userId: string, options?: CallOptions) =>
      (await call('listContactChannels', { query: { user_id: userId } }, options)).items,
    get: (userId: string, channelId: string, options?: CallOptions) =>
      call('getContactChannel', { params: paramsOf(userId, channelId) }, options),
    update: (userId: string, channelId: string, changes: ContactChannelUpdate, options?: CallOptions) =>
      call('updateContactChannel', { params: paramsOf(userId, channelId), body: changes }, options),
    delete: (userId: string, channelId: string, options?: CallOptions) =>
      call('deleteContactChannel', { params: paramsOf(userId, channelId) }, options),
  };
}

function paramsOf(userId: string, channelId: string) {
  return { user_id: userId, contact_channel_id: channelId };
}
