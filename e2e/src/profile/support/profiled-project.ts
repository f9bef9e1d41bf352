import { fileNeedsMigrations } from '@hexclave/testing';
import { createInstallation, type Installation } from '../../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../../external-db-sync/support/project.ts';
import { type ApiClient, succeed } from '../../support/api-client.ts';
import { addUsers } from '../../sync/rows.ts';

fileNeedsMigrations(['0016_query_profile_statements']);

export const PROFILE_PATH = '/internal/external-db-sync/profile';
/** To fill, copy and profile it all, on a machine that does much else. */
export const PROFILE_MS = 120_000;

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely, and every look is an assertion.
export type Answered = any;

/** A project whose copy is at work. */
export type ProfiledProject = { hexclave: Installation; project: Project; external: ExternalDatabase };

/** @param fill adds to the users what else is to be copied */
export async function createProfiledProject(
  users: number,
  fill: (made: Omit<ProfiledProject, 'external'>) => Promise<unknown> = async () => undefined,
): Promise<ProfiledProject> {
  const hexclave = await createInstallation({ environment: { HEXCLAVE_EXTERNAL_DB_SYNC_ALLOW_PRIVATE_HOSTS: 'true' } });
  const project = await hexclave.createProject();
  await addUsers(hexclave.db, project.tenancyId, users);
  await fill({ hexclave, project });
  return { hexclave, project, external: await project.addExternalDatabase() };
}

/** Of the users, unless something else is asked for. */
export function profileBy(admin: ApiClient, body: object = {}): Promise<Answered> {
  return succeed(admin.post(PROFILE_PATH, { external_database_id: 'main', mapping: 'users', ...body }));
}

/** Of the first table of an answer. */
export function statementOf(answer: Answered, name: string): Answered {
  return answer.mappings[0].statements.find(({ statement }: Answered) => statement === name);
}
