import type { ProjectSyncStatus, ProjectSyncSummary, StatusChange } from '@hexclave/contract';
import type { AllSnapshot } from './status.ts';

/** Times that go on by themselves: alone they are no change. */
const GO_ON = new Set(['fresh_through_millis', 'behind_millis']);

function same(a: unknown, b: unknown): boolean {
  const text = (value: unknown) => JSON.stringify(value, (key, part) => (GO_ON.has(key) ? undefined : part));
  return text(a) === text(b);
}

/** What is different in a project; `null`: nothing. */
export function changeOfProject(before: ProjectSyncStatus, after: ProjectSyncStatus): StatusChange | null {
  const known = new Map(before.external_databases.map((database) => [database.id, database]));
  const present = new Set(after.external_databases.map(({ id }) => id));
  const changed = after.external_databases.filter((database) => !same(known.get(database.id), database));
  const removed = [...known.keys()].filter((id) => !present.has(id));
  const parts = {
    ...(changed.length > 0 && { external_databases: changed }),
    ...(removed.length > 0 && { removed_external_databases: removed }),
    ...(!same(before.pipeline, after.pipeline) && { pipeline: after.pipeline }),
  };
  return Object.keys(parts).length === 0 ? null : { scope: 'tenancy', at_millis: after.at_millis, ...parts };
}

/** The same of all projects. `settled`: what has become of those that were not fresh. */
export function changeOfAll(
  before: AllSnapshot,
  after: AllSnapshot,
  settled: readonly ProjectSyncSummary[],
): StatusChange | null {
  const known = new Map(before.projects.map((project) => [project.tenancy_id, project]));
  const present = new Set([...after.projects, ...settled].map(({ tenancy_id }) => tenancy_id));
  const changed = [...after.projects.filter((project) => !same(known.get(project.tenancy_id), project)), ...settled];
  const removed = [...known.keys()].filter((id) => !present.has(id));
  const parts = {
    ...(!same(before.totals, after.totals) && { totals: after.totals }),
    ...(!same(before.pipeline, after.pipeline) && { pipeline: after.pipeline }),
    ...(changed.length > 0 && { projects: changed }),
    ...(removed.length > 0 && { removed_projects: removed }),
  };
  return Object.keys(parts).length === 0 ? null : { scope: 'all', at_millis: after.at_millis, ...parts };
}
