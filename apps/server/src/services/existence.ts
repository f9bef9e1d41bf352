import { KnownError } from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { build, read, run } from './statements.ts';

/** Throws USER_NOT_FOUND unless the project has the user. */
export async function assertUser(database: Database, tenancyId: string, userId: string): Promise<void> {
  const statement = build
    .selectFrom('ProjectUser')
    .select('projectUserId')
    .where('tenancyId', '=', tenancyId)
    .where('projectUserId', '=', userId);
  if ((await read(database, statement)).length === 0) throw new KnownError('USER_NOT_FOUND', {});
}

/** Throws TEAM_NOT_FOUND unless the project has the team. */
export async function assertTeam(database: Database, tenancyId: string, teamId: string): Promise<void> {
  const statement = build
    .selectFrom('Team')
    .select('teamId')
    .where('tenancyId', '=', tenancyId)
    .where('teamId', '=', teamId);
  if ((await read(database, statement)).length === 0) throw new KnownError('TEAM_NOT_FOUND', { team_id: teamId });
}

/**
 * Locks the user's row until the transaction ends. Whoever changes which channel is primary or which team is selected
 * takes this lock first, so that two of them cannot each make their own.
 */
export async function lockUser(
  tx: Queryable,
  tenancyId: string,
  userId: string,
): Promise<{ selectedTeamId: string | null } | undefined> {
  const statement = build
    .selectFrom('ProjectUser')
    .select('selectedTeamId')
    .where('tenancyId', '=', tenancyId)
    .where('projectUserId', '=', userId)
    .forNoKeyUpdate();
  return (await run(tx, statement))[0];
}
