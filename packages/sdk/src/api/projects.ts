import type { ProjectUpdate } from '@hexclave/contract';
import type { Call, RequestOf } from '../call.ts';
import { everyItem } from '../pages.ts';
import type { CallOptions } from '../transport.ts';

type Create = RequestOf<'createProject'>['body'];
type Query = NonNullable<RequestOf<'listProjects'>['query']>;

/** The project that the client’s keys belong to. */
export function currentProjectOf(call: Call) {
  return {
    get: (options?: CallOptions) => call('getCurrentProject', {}, options),
    /** What clients may know of it. */
    getForClient: (options?: CallOptions) => call('getClientProject', {}, options),
    update: (changes: ProjectUpdate, options?: CallOptions) => call('updateCurrentProject', { body: changes }, options),
    /** With everything in it. */
    delete: (options?: CallOptions) => call('deleteCurrentProject', {}, options),
  };
}

/** Every project of the server. */
export function projectsOf(call: Call) {
  const list = (query: Query = {}, options?: CallOptions) => call('listProjects', { query }, options);
  return {
    create: (project: Create, options?: CallOptions) => call('createProject', { body: project }, options),
    /** One page. */
    list,
    /** All of them, page after page. */
    all: (query: Query = {}, options?: CallOptions) => everyItem((page: Query) => list(page, options), query),
    get: (projectId: string, options?: CallOptions) =>
      call('getProject', { params: { project_id: projectId } }, options),
    update: (projectId: string, changes: ProjectUpdate, options?: CallOptions) =>
      call('updateProject', { params: { project_id: projectId }, body: changes }, options),
    /** With everything in it. */
    delete: (projectId: string, options?: CallOptions) =>
      call('deleteProject', { params: { project_id: projectId } }, options),
  };
}
