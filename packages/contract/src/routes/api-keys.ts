import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';
import { apiKeySet, apiKeySetCreate, apiKeySetUpdate, createdApiKeySet } from '../schemas/api-keys.ts';
import { listOf, uuid } from '../schemas/fields.ts';

const tag = 'API keys';
const params = z.object({ api_key_id: uuid });
const query = z.strictObject({
  project_id: z.string().optional().openapi({
    description: 'Another project than the key’s own: for admins of the project `internal`.',
  }),
});

export const createApiKeySet = defineRoute({
  method: 'post',
  path: '/internal/api-keys',
  access: 'admin',
  tag,
  summary: 'Create a set of keys',
  description: 'The answer is the only time that the keys are shown: the server keeps their SHA-256 only.',
  query,
  body: apiKeySetCreate,
  status: 201,
  reply: createdApiKeySet,
  errors: ['PROJECT_NOT_FOUND'],
});

export const listApiKeySets = defineRoute({
  method: 'get',
  path: '/internal/api-keys',
  access: 'admin',
  tag,
  summary: 'List sets of keys',
  query,
  status: 200,
  reply: listOf(apiKeySet),
  errors: ['PROJECT_NOT_FOUND'],
});

export const getApiKeySet = defineRoute({
  method: 'get',
  path: '/internal/api-keys/{api_key_id}',
  access: 'admin',
  tag,
  summary: 'Get a set of keys',
  params,
  query,
  status: 200,
  reply: apiKeySet,
  errors: ['PROJECT_NOT_FOUND', 'API_KEY_NOT_FOUND'],
});

export const updateApiKeySet = defineRoute({
  method: 'patch',
  path: '/internal/api-keys/{api_key_id}',
  access: 'admin',
  tag,
  summary: 'Rename or revoke a set of keys',
  params,
  query,
  body: apiKeySetUpdate,
  status: 200,
  reply: apiKeySet,
  errors: ['PROJECT_NOT_FOUND', 'API_KEY_NOT_FOUND'],
});
