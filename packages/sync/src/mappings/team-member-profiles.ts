import { mapping } from '../declare/mapping.ts';
import { teamMember } from '../tables/team-member.ts';

export const teamMemberProfiles = mapping({
  name: 'team_member_profiles',
  description: 'Who is in which team, and under what name.',
  table: teamMember,
  columns: {
    team_id: { type: 'uuid', from: 'teamId' },
    user_id: { type: 'uuid', from: 'projectUserId' },
    display_name: { type: 'text', from: 'displayName' },
    profile_image_url: { type: 'text', from: 'profileImageUrl' },
    created_at: { type: 'timestamptz', from: 'createdAt', notNull: true },
  },
});
