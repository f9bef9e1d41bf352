import { mapping } from '../declare/mapping.ts';
import { team } from '../tables/team.ts';

export const teams = mapping({
  name: 'teams',
  description: 'A row for each team.',
  table: team,
  columns: {
    id: { type: 'uuid', from: 'teamId' },
    display_name: { type: 'text', from: 'displayName', notNull: true },
    profile_image_url: { type: 'text', from: 'profileImageUrl' },
    client_metadata: { type: 'jsonb', from: 'clientMetadata' },
    client_read_only_metadata: { type: 'jsonb', from: 'clientReadOnlyMetadata' },
    server_metadata: { type: 'jsonb', from: 'serverMetadata' },
    created_at: { type: 'timestamptz', from: 'createdAt', notNull: true },
  },
});
