import { z } from '@hono/zod-openapi';
import { imageUrl, metadata, millis, requiredName, uuid } from './fields.ts';

export const team = z
  .object({
    id: z.uuid(),
    display_name: z.string(),
    profile_image_url: z.string().nullable(),
    client_metadata: z.unknown(),
    client_read_only_metadata: z.unknown(),
    server_metadata: z.unknown(),
    created_at_millis: millis,
  })
  .openapi('Team');

const writable = {
  profile_image_url: imageUrl.nullable().optional(),
  client_metadata: metadata.optional(),
  client_read_only_metadata: metadata.optional(),
  server_metadata: metadata.optional(),
};

export const teamCreate = z
  .strictObject({
    display_name: requiredName,
    ...writable,
    creator_user_id: uuid.optional().openapi({ description: 'A user who becomes the first member.' }),
  })
  .openapi('TeamCreate');

export const teamUpdate = z.strictObject({ display_name: requiredName.optional(), ...writable }).openapi('TeamUpdate');

export type Team = z.output<typeof team>;
export type TeamCreate = z.output<typeof teamCreate>;
export type TeamUpdate = z.output<typeof teamUpdate>;
