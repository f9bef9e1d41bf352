import { z } from '@hono/zod-openapi';
import { millis, singleLine } from './fields.ts';

const keyDescription = singleLine(256);
/** The last moment that both JavaScript and PostgreSQL can hold. */
const MAX_MILLIS = 8.64e15;

const base = {
  id: z.uuid(),
  description: z.string(),
  created_at_millis: millis,
  expires_at_millis: millis,
  manually_revoked_at_millis: millis.optional(),
};

const hint = z.object({ last_four: z.string() }).optional();

export const apiKeySet = z
  .object({ ...base, publishable_client_key: hint, secret_server_key: hint, super_secret_admin_key: hint })
  .openapi('ApiKeySet');

const shownOnce = z.string().optional().openapi({ description: 'Shown now and never again.' });

export const createdApiKeySet = z
  .object({
    ...base,
    publishable_client_key: shownOnce,
    secret_server_key: shownOnce,
    super_secret_admin_key: shownOnce,
  })
  .openapi('CreatedApiKeySet');

export const apiKeySetCreate = z
  .strictObject({
    description: keyDescription,
    expires_at_millis: z.number().int('must be whole milliseconds').min(0).max(MAX_MILLIS),
    has_publishable_client_key: z.boolean(),
    has_secret_server_key: z.boolean(),
    has_super_secret_admin_key: z.boolean(),
  })
  .refine((set) => set.has_publishable_client_key || set.has_secret_server_key || set.has_super_secret_admin_key, {
    path: ['has_secret_server_key'],
    error: 'at least one of the three keys must be asked for',
  })
  .openapi('ApiKeySetCreate');

export const apiKeySetUpdate = z
  .strictObject({
    description: keyDescription.optional(),
    revoked: z.literal(true, 'can only be true: a revoked key stays revoked').optional(),
  })
  .openapi('ApiKeySetUpdate');

export type ApiKeySet = z.output<typeof apiKeySet>;
export type CreatedApiKeySet = z.output<typeof createdApiKeySet>;
export type ApiKeySetCreate = z.output<typeof apiKeySetCreate>;
export type ApiKeySetUpdate = z.output<typeof apiKeySetUpdate>;
