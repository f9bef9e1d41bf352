import { randomUUID } from 'node:crypto';
import {
  type ClientProject,
  KnownError,
  type Project,
  type ProjectCreate,
  type ProjectUpdate,
  type RouteInput,
  type routes,
} from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { sql } from 'kysely';
import { type Doer, recordAudit } from './audit.ts';
import { withMeanings } from './constraints.ts';
import { afterCursor, type Page, pageOf, readPage } from './page.ts';
import { build, read, run } from './statements.ts';
import { given, millisOf } from './values.ts';

/** The project whose admins administer the others. */
export const INTERNAL_PROJECT_ID = 'internal';
export const MAIN_BRANCH_ID = 'main';

type ListQuery = RouteInput<typeof routes.listProjects>['query'];
type ProjectRow = {
  id: string;
  displayName: string;
  description: string;
  logoUrl: string | null;
  ownerTeamId: string | null;
  createdAt: Date | number;
};

/** Creates a project and the tenancy of its main branch. */
export async function createProject(database: Database, by: Doer, input: ProjectCreate): Promise<Project> {
  const id = input.id ?? randomUUID();
  const statement = build
    .with('p', (q) =>
      q
        .insertInto('Project')
        .values({
          id,
          displayName: input.display_name,
          logoUrl: input.logo_url ?? null,
          ...given({ description: input.description, ownerTeamId: input.owner_team_id }),
        })
        .returningAll(),
    )
    .with('t', (q) => q.insertInto('Tenancy').values({ id: randomUUID(), projectId: id, branchId: MAIN_BRANCH_ID }))
    .selectFrom('p')
    .selectAll();
  const created = database.transaction(async (tx) => {
    const [row] = await run(tx, statement);
    await recordAudit(tx, by, { action: 'project.create', projectId: id, after: factsOf(row as ProjectRow) });
    return row as ProjectRow;
  });
  const row = await withMeanings(created, {
    Project_pkey: () => new KnownError('PROJECT_ID_ALREADY_EXISTS', { project_id: id }),
  });
  return toProject(row);
}

export async function getProject(database: Database, projectId: string): Promise<Project> {
  return toProject(await findProject(database, projectId));
}

export async function getClientProject(database: Database, projectId: string): Promise<ClientProject> {
  const row = await findProject(database, projectId);
  return { id: row.id, display_name: row.displayName, config: CLIENT_CONFIG };
}

export async function listProjects(database: Database, query: ListQuery): Promise<Page<Project>> {
  const direction = query.desc ? 'desc' : 'asc';
  let statement = build
    .selectFrom('Project as p')
    .selectAll()
    .select(sql<string>`p."createdAt"::text`.as('createdAtText'))
    .orderBy('p.createdAt', direction)
    .orderBy('p.id', direction)
    .limit(query.limit + 1);
  const after = afterCursor(query, 'p.createdAt', 'p.id');
  if (after) statement = statement.where(after);
  if (query.query) statement = statement.where(matches(query.query));
  if (query.external_databases) statement = statement.where(hasDatabases(query.external_databases === 'some'));
  const rows = await readPage(database, statement, query, { time: 'createdAt', id: 'id' });
  return pageOf(rows, query, (row) => ({ at: row.createdAtText, id: row.id }), toProject);
}

function matches(text: string) {
  return sql<boolean>`(strpos(lower(p."displayName"), lower(${text})) > 0 OR strpos(lower(p."id"), lower(${text})) > 0)`;
}

function hasDatabases(some: boolean) {
  return sql<boolean>`${sql.raw(some ? '' : 'NOT ')}EXISTS (
    SELECT 1 FROM "Tenancy" t JOIN "ExternalDatabase" d ON d."tenancyId" = t."id" WHERE t."projectId" = p."id")`;
}

export async function updateProject(
  database: Database,
  projectId: string,
  by: Doer,
  update: ProjectUpdate,
): Promise<Project> {
  const statement = build
    .updateTable('Project')
    .set({
      ...given({ displayName: update.display_name, description: update.description, logoUrl: update.logo_url }),
      updatedAt: sql`now()`,
    })
    .where('id', '=', projectId)
    .returningAll();
  return database.transaction(async (tx) => {
    const before = factsOf(await lockProject(tx, projectId));
    const [row] = await run(tx, statement);
    await recordAudit(tx, by, { action: 'project.update', projectId, before, after: factsOf(row as ProjectRow) });
    return toProject(row as ProjectRow);
  });
}

/** Deletes a project with everything in it, but for what the audit log says of it. */
export async function deleteProject(database: Database, projectId: string, by: Doer): Promise<void> {
  if (projectId === INTERNAL_PROJECT_ID) throw new KnownError('PROJECT_PROTECTED', { project_id: projectId });
  await database.transaction(async (tx) => {
    const before = factsOf(await lockProject(tx, projectId));
    await run(tx, build.deleteFrom('Project').where('id', '=', projectId));
    await recordAudit(tx, by, { action: 'project.delete', projectId, before });
  });
}

/** Until the transaction ends. */
async function lockProject(tx: Queryable, projectId: string): Promise<ProjectRow> {
  const [row] = await run(tx, build.selectFrom('Project').selectAll().where('id', '=', projectId).forUpdate());
  if (row === undefined) throw new KnownError('PROJECT_NOT_FOUND', { project_id: projectId });
  return row;
}

/** What is written down of a project. A logo may be a whole picture. */
function factsOf({ displayName, description }: ProjectRow): object {
  return { display_name: displayName, description };
}

async function findProject(database: Database, projectId: string): Promise<ProjectRow> {
  const statement = build.selectFrom('Project').selectAll().where('id', '=', projectId);
  const [row] = await read(database, statement);
  if (row === undefined) throw new KnownError('PROJECT_NOT_FOUND', { project_id: projectId });
  return row;
}

const CLIENT_CONFIG: ClientProject['config'] = {
  sign_up_enabled: false,
  credential_enabled: false,
  magic_link_enabled: false,
  passkey_enabled: false,
  client_team_creation_enabled: false,
  client_user_deletion_enabled: false,
  allow_localhost: true,
  allow_user_api_keys: false,
  allow_team_api_keys: false,
  enabled_oauth_providers: [],
  domains: [],
};

const ADMIN_CONFIG: Project['config'] = {
  ...CLIENT_CONFIG,
  create_team_on_sign_up: false,
  oauth_account_merge_strategy: 'link_method',
  oauth_providers: [],
  email_config: { type: 'shared' },
  email_theme: '',
  team_creator_default_permissions: [],
  team_member_default_permissions: [],
  user_default_permissions: [],
};

function toProject(row: ProjectRow): Project {
  return {
    id: row.id,
    display_name: row.displayName,
    description: row.description,
    logo_url: row.logoUrl,
    owner_team_id: row.ownerTeamId,
    created_at_millis: millisOf(row.createdAt),
    is_production_mode: false,
    is_development_environment: false,
    onboarding_status: 'completed',
    config: ADMIN_CONFIG,
  };
}
