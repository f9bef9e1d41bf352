import { z } from '@hono/zod-openapi';
import { email, uuid } from './fields.ts';

export const contactChannel = z
  .object({
    id: z.uuid(),
    user_id: z.uuid(),
    type: z.literal('email'),
    value: z.string(),
    is_primary: z.boolean(),
    is_verified: z.boolean(),
    used_for_auth: z.boolean(),
  })
  .openapi('ContactChannel');

const type = z.literal('email', 'must be "email"');

export const contactChannelCreate = z
  .strictObject({
    user_id: uuid,
    type,
    value: email,
    is_primary: z.boolean().default(false),
    is_verified: z.boolean().default(false),
    used_for_auth: z.boolean().default(false),
  })
  .openapi('ContactChannelCreate');

export const contactChannelUpdate = z
  .strictObject({
    type: type.optional(),
    value: email
      .optional()
      .openapi({ description: 'Makes the channel unverified, unless is_verified says otherwise.' }),
    is_primary: z.boolean().optional(),
    is_verified: z.boolean().optional(),
    used_for_auth: z.boolean().optional(),
  })
  .openapi('ContactChannelUpdate');

export type ContactChannel = z.output<typeof contactChannel>;
export type ContactChannelCreate = z.output<typeof contactChannelCreate>;
export type ContactChannelUpdate = z.output<typeof contactChannelUpdate>;
