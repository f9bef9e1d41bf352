import { z } from '@hono/zod-openapi';
import { description, imageUrl, millis, requiredName, uuid } from './fields.ts';

/** Ways to sign in and the like, none of which this server offers; the published client expects the fields. */
const clientConfig = z.object({
  sign_up_enabled: z.literal(false),
  credential_enabled: z.literal(false),
  magic_link_enabled: z.literal(false),
  passkey_enabled: z.literal(false),
  client_team_creation_enabled: z.literal(false),
  client_user_deletion_enabled: z.literal(false),
  allow_localhost: z.literal(true),
  allow_user_api_keys: z.literal(false),
  allow_team_api_keys: z.literal(false),
  enabled_oauth_providers: z.tuple([]),
  domains: z.tuple([]),
});

export const clientProject = z
  .object({ id: z.string(), display_name: z.string(), config: clientConfig })
  .openapi('ClientProject');

export const project = z
  .object({
    id: z.string(),
    display_name: z.string(),
    description: z.string(),
    logo_url: z.string().nullable(),
    owner_team_id: z.uuid().nullable(),
    created_at_millis: millis,
    is_production_mode: z.literal(false),
    is_development_environment: z.literal(false),
    onboarding_status: z.literal('completed'),
    config: clientConfig.extend({
      create_team_on_sign_up: z.literal(false),
      oauth_account_merge_strategy: z.literal('link_method'),
      oauth_providers: z.tuple([]),
      email_config: z.object({ type: z.literal('shared') }),
      email_theme: z.literal(''),
      team_creator_default_permissions: z.tuple([]),
      team_member_default_permissions: z.tuple([]),
      user_default_permissions: z.tuple([]),
    }),
  })
  .openapi('Project');

const writable = { description: description.optional(), logo_url: imageUrl.nullable().optional() };

export const projectCreate = z
  .strictObject({
    id: uuid.optional().openapi({ description: 'Chosen by the server if left out.' }),
    display_name: requiredName,
    owner_team_id: uuid.optional().openapi({ description: 'A team of the project `internal`; only kept.' }),
    ...writable,
  })
  .openapi('ProjectCreate');

export const projectUpdate = z
  .strictObject({
    display_name: requiredName.optional(),
    ...writable,
    // The published client sends it empty with every change.
    config: z.strictObject({}).optional().openapi({ description: 'Empty: see Config.' }),
  })
  .openapi('ProjectUpdate');

export type ClientProject = z.output<typeof clientProject>;
export type Project = z.output<typeof project>;
export type ProjectCreate = z.output<typeof projectCreate>;
export type ProjectUpdate = z.output<typeof projectUpdate>;
