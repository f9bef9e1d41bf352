import type { User } from '@hexclave/contract';
import type { QueryCreator, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { InternalTables, ProjectUserTable } from './schema.ts';
import { type TeamRow, toTeam } from './team-rows.ts';
import { millisOf } from './values.ts';

export type PrimaryEmail = { value: string; isVerified: boolean; usedForAuth: boolean };

/** A common table expression `u` with rows of "ProjectUser", to which `selectUsers` adds what lies in other tables. */
export type UsersExpression = QueryCreator<InternalTables & { u: ProjectUserTable }>;

/** Users with primary e-mail and selected team; `signedUpAtText` is exact, for cursors. */
export function selectUsers(users: UsersExpression) {
  return users
    .selectFrom('u')
    .leftJoin('ContactChannel as c', (join) =>
      join
        .onRef('c.tenancyId', '=', 'u.tenancyId')
        .onRef('c.projectUserId', '=', 'u.projectUserId')
        .on('c.type', '=', 'email')
        .on('c.isPrimary', '=', true),
    )
    .leftJoin('Team as t', (join) =>
      join.onRef('t.tenancyId', '=', 'u.tenancyId').onRef('t.teamId', '=', 'u.selectedTeamId'),
    )
    .selectAll('u')
    .select([
      sql<string>`u."signedUpAt"::text`.as('signedUpAtText'),
      'c.value as email',
      'c.isVerified as emailVerified',
      'c.usedForAuth as emailUsedForAuth',
      't.teamId as selectedTeam',
      't.displayName as teamDisplayName',
      't.profileImageUrl as teamProfileImageUrl',
      't.clientMetadata as teamClientMetadata',
      't.clientReadOnlyMetadata as teamClientReadOnlyMetadata',
      't.serverMetadata as teamServerMetadata',
      't.createdAt as teamCreatedAt',
    ]);
}

export type UserRow = Awaited<ReturnType<ReturnType<typeof selectUsers>['executeTakeFirstOrThrow']>>;

/** A user as the API shows it, from a row of `selectUsers`. */
export function toUser(row: UserRow): User {
  const email =
    row.email === null
      ? null
      : { value: row.email, isVerified: row.emailVerified === true, usedForAuth: row.emailUsedForAuth === true };
  return composeUser(row, email, selectedTeamOf(row));
}

function selectedTeamOf(row: UserRow): TeamRow | null {
  if (row.selectedTeam === null || row.teamDisplayName === null || row.teamCreatedAt === null) return null;
  return {
    teamId: row.selectedTeam,
    displayName: row.teamDisplayName,
    profileImageUrl: row.teamProfileImageUrl,
    clientMetadata: row.teamClientMetadata,
    clientReadOnlyMetadata: row.teamClientReadOnlyMetadata,
    serverMetadata: row.teamServerMetadata,
    createdAt: row.teamCreatedAt,
  };
}

/** A user as the API shows it. */
export function composeUser(
  row: Selectable<ProjectUserTable>,
  email: PrimaryEmail | null,
  selectedTeam: TeamRow | null,
): User {
  return {
    id: row.projectUserId,
    primary_email: email?.value ?? null,
    primary_email_verified: email?.isVerified ?? false,
    primary_email_auth_enabled: email?.usedForAuth ?? false,
    display_name: row.displayName,
    selected_team: selectedTeam === null ? null : toTeam(selectedTeam),
    selected_team_id: selectedTeam?.teamId ?? null,
    profile_image_url: row.profileImageUrl,
    signed_up_at_millis: millisOf(row.signedUpAt),
    last_active_at_millis: millisOf(row.lastActiveAt),
    client_metadata: row.clientMetadata,
    client_read_only_metadata: row.clientReadOnlyMetadata,
    server_metadata: row.serverMetadata,
    is_anonymous: row.isAnonymous,
    is_restricted: row.isAnonymous,
    restricted_reason: row.isAnonymous ? { type: 'anonymous' } : null,
    has_password: row.passwordHash !== null,
    auth_with_email: email?.usedForAuth ?? false,
    ...CONSTANT_FIELDS,
  };
}

/** What the published client expects of a user but this server does not have. */
const CONSTANT_FIELDS: Pick<
  User,
  | 'restricted_by_admin'
  | 'restricted_by_admin_reason'
  | 'restricted_by_admin_private_details'
  | 'otp_auth_enabled'
  | 'passkey_auth_enabled'
  | 'requires_totp_mfa'
  | 'oauth_providers'
  | 'country_code'
  | 'risk_scores'
> = {
  restricted_by_admin: false,
  restricted_by_admin_reason: null,
  restricted_by_admin_private_details: null,
  otp_auth_enabled: false,
  passkey_auth_enabled: false,
  requires_totp_mfa: false,
  oauth_providers: [],
  country_code: null,
  risk_scores: { sign_up: { bot: 0, free_trial_abuse: 0 } },
};
