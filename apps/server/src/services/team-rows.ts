import type { Team } from '@hexclave/contract';
import type { Selectable } from 'kysely';
import type { TeamTable } from './schema.ts';
import { millisOf } from './values.ts';

export type TeamRow = Pick<
  Selectable<TeamTable>,
  | 'teamId'
  | 'displayName'
  | 'profileImageUrl'
  | 'clientMetadata'
  | 'clientReadOnlyMetadata'
  | 'serverMetadata'
  | 'createdAt'
>;

/** A team as the API shows it. */
export function toTeam(row: TeamRow): Team {
  return {
    id: row.teamId,
    display_name: row.displayName,
    profile_image_url: row.profileImageUrl,
    client_metadata: row.clientMetadata,
    client_read_only_metadata: row.clientReadOnlyMetadata,
    server_metadata: row.serverMetadata,
    created_at_millis: millisOf(row.createdAt),
  };
}
