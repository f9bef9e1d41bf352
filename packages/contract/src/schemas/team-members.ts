import { z } from '@hono/zod-openapi';
import { displayName, imageUrl } from './fields.ts';
import { user } from './users.ts';

export const teamMembership = z.object({ team_id: z.uuid(), user_id: z.uuid() }).openapi('TeamMembership');

export const teamMemberProfile = z
  .object({
    team_id: z.uuid(),
    user_id: z.uuid(),
    display_name: z.string().nullable().openapi({ description: 'The name in this team, or else the user’s own.' }),
    profile_image_url: z
      .string()
      .nullable()
      .openapi({ description: 'The image in this team, or else the user’s own.' }),
    user,
  })
  .openapi('TeamMemberProfile');

export const teamMemberProfileUpdate = z
  .strictObject({
    display_name: displayName.nullable().optional(),
    profile_image_url: imageUrl.nullable().optional(),
  })
  .openapi('TeamMemberProfileUpdate');

export type TeamMembership = z.output<typeof teamMembership>;
export type TeamMemberProfile = z.output<typeof teamMemberProfile>;
export type TeamMemberProfileUpdate = z.output<typeof teamMemberProfileUpdate>;
