import { mapping } from '../declare/mapping.ts';
import { contactChannel } from '../tables/contact-channel.ts';
import { projectUser } from '../tables/project-user.ts';

export const users = mapping({
  name: 'users',
  description: 'A row for each user, with the primary e-mail address.',
  table: projectUser,
  lookups: {
    primaryEmail: {
      table: contactChannel,
      on: { projectUserId: 'projectUserId' },
      where: { type: 'email', isPrimary: true },
    },
  },
  columns: {
    id: { type: 'uuid', from: 'projectUserId' },
    display_name: { type: 'text', from: 'displayName' },
    profile_image_url: { type: 'text', from: 'profileImageUrl' },
    primary_email: { type: 'text', lookup: 'primaryEmail', from: 'value' },
    primary_email_verified: {
      type: 'boolean',
      lookup: 'primaryEmail',
      from: 'isVerified',
      as: (isVerified) => `coalesce(${isVerified}, false)`,
      notNull: true,
    },
    signed_up_at: { type: 'timestamptz', from: 'signedUpAt', notNull: true },
    client_metadata: { type: 'jsonb', from: 'clientMetadata' },
    client_read_only_metadata: { type: 'jsonb', from: 'clientReadOnlyMetadata' },
    server_metadata: { type: 'jsonb', from: 'serverMetadata' },
    is_anonymous: { type: 'boolean', from: 'isAnonymous', notNull: true },
  },
});
