import type { ApiKeySetUpdate } from '@hexclave/contract';
import type { Call, RequestOf } from '../call.ts';
import type { CallOptions } from '../transport.ts';

type Create = RequestOf<'createApiKeySet'>['body'];

/** `project_id`: another project than the client’s, with the key of the project `internal`. */
type Where = { project_id?: string };

export function apiKeysOf(call: Call) {
  return {
    /** The answer is the only time that the keys are shown. */
    create: (keySet: Create, where: Where = {}, options?: CallOptions) =>
      call('createApiKeySet', { query: where, body: keySet }, options),
    list: async (where: Where = {}, options?: CallOptions) =>
      (await call('listApiKeySets', { query: where }, options)).items,
    get: (id: string, where: Where = {}, options?: CallOptions) =>
      call('getApiKeySet', { params: { api_key_id: id }, query: where }, options),
    /** Renames or revokes it. */
    update: (id: string, changes: ApiKeySetUpdate, where: Where = {}, options?: CallOptions) =>
      call('updateApiKeySet', { params: { api_key_id: id }, query: where, body: changes }, options),
  };
}
