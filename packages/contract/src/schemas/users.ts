import { z } from '@hono/zod-openapi';
import { displayName, email, imageUrl, metadata, millis, uuid } from './fields.ts';
import { team } from './teams.ts';

/**
 * A user as the published client reads it. Fields about ways to sign in that this server does not offer are there
 * because the client expects them; they are constant.
 */
export const user = z
  .object({
    id: z.uuid(),
    primary_email: z.string().nullable(),
    primary_email_verified: z.boolean(),
    primary_email_auth_enabled: z.boolean(),
    display_name: z.string().nullable(),
    selected_team: team.nullable(),
    selected_team_id: z.uuid().nullable(),
    profile_image_url: z.string().nullable(),
    signed_up_at_millis: millis,
    last_active_at_millis: millis,
    client_metadata: z.unknown(),
    client_read_only_metadata: z.unknown(),
    server_metadata: z.unknown(),
    is_anonymous: z.boolean(),
    is_restricted: z.boolean(),
    restricted_reason: z.object({ type: z.literal('anonymous') }).nullable(),
    restricted_by_admin: z.literal(false),
    restricted_by_admin_reason: z.null(),
    restricted_by_admin_private_details: z.null(),
    has_password: z.boolean(),
    auth_with_email: z.boolean(),
    otp_auth_enabled: z.literal(false),
    passkey_auth_enabled: z.literal(false),
    requires_totp_mfa: z.literal(false),
    oauth_providers: z.tuple([]),
    country_code: z.null(),
    risk_scores: z.object({ sign_up: z.object({ bot: z.literal(0), free_trial_abuse: z.literal(0) }) }),
  })
  .openapi('User');

const writable = {
  display_name: displayName.nullable().optional(),
  profile_image_url: imageUrl.nullable().optional(),
  client_metadata: metadata.optional(),
  client_read_only_metadata: metadata.optional(),
  server_metadata: metadata.optional(),
  primary_email: email.nullable().optional(),
  primary_email_verified: z.boolean().optional(),
  primary_email_auth_enabled: z.boolean().optional(),
  password: z.string().nullable().optional().openapi({ description: '8 to 70 characters; null removes it.' }),
};

export const userCreate = z
  .strictObject({ ...writable, is_anonymous: z.boolean().optional() })
  .refine(emailIsNamed, { path: ['primary_email'], error: 'is needed, because other fields say something about it' })
  .openapi('UserCreate');

function emailIsNamed(input: {
  primary_email?: string | null;
  primary_email_verified?: boolean;
  primary_email_auth_enabled?: boolean;
  password?: string | null;
}): boolean {
  const needsEmail = input.primary_email_verified || input.primary_email_auth_enabled || input.password;
  return !needsEmail || typeof input.primary_email === 'string';
}

export const userUpdate = z
  .strictObject({
    ...writable,
    selected_team_id: uuid.nullable().optional(),
    is_anonymous: z.literal(false, 'can only be set to false').optional(),
  })
  .openapi('UserUpdate');

export type User = z.output<typeof user>;
export type UserCreate = z.output<typeof userCreate>;
export type UserUpdate = z.output<typeof userUpdate>;
