import { KnownError } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import type { Authentication } from './authentication.ts';
import { INTERNAL_PROJECT_ID, MAIN_BRANCH_ID } from './projects.ts';
import { build, read } from './statements.ts';

/** A tenancy that something is done to. */
export type Target = Pick<Authentication, 'projectId' | 'branchId' | 'tenancyId'>;

/** The side that somebody acts for. An operator is the owner of the internal project, and of no other. */
export type Side = 'operator' | 'owner';

/** The project that is asked about. Operators may name another one; to the others, other projects do not exist. */
export async function targetOf(
  database: Database,
  authentication: Authentication,
  named: string | undefined,
): Promise<Target> {
  if (named === undefined || named === authentication.projectId) return authentication;
  const tenancy = isOperator(authentication) ? await findTenancy(database, named) : undefined;
  if (tenancy === undefined) throw new KnownError('PROJECT_NOT_FOUND', { project_id: named });
  return { projectId: named, branchId: MAIN_BRANCH_ID, tenancyId: tenancy.id };
}

export function isOperator({ actor }: Pick<Authentication, 'actor'>): boolean {
  return actor.kind === 'operator';
}

export function sideOf(authentication: Pick<Authentication, 'actor'>, target: Target): Side {
  return isOperator(authentication) && target.projectId !== INTERNAL_PROJECT_ID ? 'operator' : 'owner';
}

async function findTenancy(database: Database, projectId: string): Promise<{ id: string } | undefined> {
  const statement = build
    .selectFrom('Tenancy')
    .select('id')
    .where('projectId', '=', projectId)
    .where('branchId', '=', MAIN_BRANCH_ID);
  return (await read(database, statement))[0];
}
