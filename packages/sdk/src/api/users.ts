import type { UserUpdate } from '@hexclave/contract';
import type { Call, RequestOf } from '../call.ts';
import { everyItem } from '../pages.ts';
import type { CallOptions } from '../transport.ts';

type Create = RequestOf<'createUser'>['body'];
type Query = NonNullable<RequestOf<'listUsers'>['query']>;

export function usersOf(call: Call) {
  const list = (query: Query = {}, options?: CallOptions) => call('listUsers', { query }, options);
  return {
    create: (user: Create, options?: CallOptions) => call('createUser', { body: user }, options),
    /** One page. */
    list,
    /** All of them, page after page: `for await (const user of client.users.all())`. */
    all: (query: Query = {}, options?: CallOptions) => everyItem((page: Query) => list(page, options), query),
    get: (userId: string, options?: CallOptions) => call('getUser', { params: { user_id: userId } }, options),
    /** Fields left out stay as they are. */
    update: (userId: string, changes: UserUpdate, options?: CallOptions) =>
      call('updateUser', { params: { user_id: userId }, body: changes }, options),
    delete: (userId: string, options?: CallOptions) => call('deleteUser', { params: { user_id: userId } }, options),
  };
}
