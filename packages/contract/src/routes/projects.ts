import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';
import { deleted, pageOf, pageQuery, queryFlag, searchQuery } from '../schemas/fields.ts';
import { clientProject, project, projectCreate, projectUpdate } from '../schemas/projects.ts';

const tag = 'Projects';
const params = z.object({ project_id: z.string() });

export const getClientProject = defineRoute({
  method: 'get',
  path: '/projects/current',
  access: 'client',
  tag,
  summary: 'Get what clients may know of the project',
  status: 200,
  reply: clientProject,
  errors: [],
});

export const getCurrentProject = defineRoute({
  method: 'get',
  path: '/internal/projects/current',
  access: 'admin',
  tag,
  summary: 'Get the project of the key',
  status: 200,
  reply: project,
  errors: [],
});

export const updateCurrentProject = defineRoute({
  method: 'patch',
  path: '/internal/projects/current',
  access: 'admin',
  tag,
  summary: 'Change the project of the key',
  body: projectUpdate,
  status: 200,
  reply: project,
  errors: [],
});

export const deleteCurrentProject = defineRoute({
  method: 'delete',
  path: '/internal/projects/current',
  access: 'admin',
  tag,
  summary: 'Delete the project of the key, with everything in it',
  status: 200,
  reply: deleted,
  errors: ['PROJECT_PROTECTED'],
});

export const createProject = defineRoute({
  method: 'post',
  path: '/internal/projects',
  access: 'admin',
  internalOnly: true,
  tag,
  summary: 'Create a project',
  body: projectCreate,
  status: 201,
  reply: project,
  errors: ['PROJECT_ID_ALREADY_EXISTS'],
});

export const listProjects = defineRoute({
  method: 'get',
  path: '/internal/projects',
  access: 'admin',
  internalOnly: true,
  tag,
  summary: 'List projects',
  query: z.strictObject({
    ...pageQuery(100, 1_000),
    desc: queryFlag.optional(),
    query: searchQuery.optional().openapi({ description: 'Part of the name or of the id.' }),
    external_databases: z
      .enum(['some', 'none'])
      .optional()
      .openapi({ description: '`none`: only projects that are copied nowhere; the others are in the status.' }),
  }),
  status: 200,
  reply: pageOf(project),
  errors: [],
});

export const getProject = defineRoute({
  method: 'get',
  path: '/internal/projects/{project_id}',
  access: 'admin',
  internalOnly: true,
  tag,
  summary: 'Get a project',
  params,
  status: 200,
  reply: project,
  errors: ['PROJECT_NOT_FOUND'],
});

export const updateProject = defineRoute({
  method: 'patch',
  path: '/internal/projects/{project_id}',
  access: 'admin',
  internalOnly: true,
  tag,
  summary: 'Change a project',
  params,
  body: projectUpdate,
  status: 200,
  reply: project,
  errors: ['PROJECT_NOT_FOUND'],
});

export const deleteProject = defineRoute({
  method: 'delete',
  path: '/internal/projects/{project_id}',
  access: 'admin',
  internalOnly: true,
  tag,
  summary: 'Delete a project, with everything in it',
  params,
  status: 200,
  reply: deleted,
  errors: ['PROJECT_NOT_FOUND', 'PROJECT_PROTECTED'],
});
