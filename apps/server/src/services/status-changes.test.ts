import type { ProjectSyncStatus, ProjectSyncSummary } from '@hexclave/contract';
import { expect, test } from 'vitest';
import type { AllSnapshot } from './status.ts';
import { changeOfAll, changeOfProject } from './status-changes.ts';

type ExternalDatabase = ProjectSyncStatus['external_databases'][number];

/** Fields are compared whatever they are: these are some of each kind. */
const database = (id: string, fields: Partial<ExternalDatabase> = {}) =>
  ({
    id,
    state: 'fresh',
    rows_behind: 0,
    fresh_through_millis: 1,
    behind_millis: 0,
    mappings: [],
    ...fields,
  }) as ExternalDatabase;
const project = (at_millis: number, external_databases: ExternalDatabase[], enabled = true) =>
  ({
    scope: 'tenancy',
    at_millis,
    external_databases,
    pipeline: { fusebox: { sequencer: enabled } },
  }) as ProjectSyncStatus;
const summary = (tenancy_id: string, fields: Partial<ProjectSyncSummary> = {}) =>
  ({ tenancy_id, state: 'failing', rows_behind: 0, behind_millis: 0, ...fields }) as ProjectSyncSummary;
const all = (at_millis: number, projects: ProjectSyncSummary[], failing = projects.length, rows = 0) =>
  ({
    scope: 'all',
    at_millis,
    projects,
    totals: { failing },
    pipeline: { sync_engine: { rows_per_second: rows } },
  }) as AllSnapshot;

test('of a project: times that go on by themselves are no change', () => {
  const later = project(2, [database('main', { fresh_through_millis: 2, behind_millis: 7 })]);
  expect(changeOfProject(project(1, [database('main')]), later)).toBeNull();
});

test('of a project: only the databases that differ, those that are new, and the ids of those that are gone', () => {
  const before = project(1, [database('a'), database('b'), database('c')]);
  const behind = database('b', { rows_behind: 3 });
  expect(changeOfProject(before, project(2, [database('a'), behind, database('d')]))).toEqual({
    scope: 'tenancy',
    at_millis: 2,
    external_databases: [behind, database('d')],
    removed_external_databases: ['c'],
  });
});

test('of a project: the pipeline, by itself', () => {
  const after = project(2, [database('a')], false);
  expect(changeOfProject(project(1, [database('a')]), after)).toEqual({
    ...{ scope: 'tenancy', at_millis: 2 },
    pipeline: after.pipeline,
  });
});

test('of all projects: nothing, and each part by itself', () => {
  const before = all(1, [summary('a')]);
  expect(changeOfAll(before, all(2, [summary('a', { behind_millis: 9 })]), [])).toBeNull();
  const totals = all(2, [summary('a')], 5);
  expect(changeOfAll(before, totals, [])).toEqual({ scope: 'all', at_millis: 2, totals: totals.totals });
  const pipeline = all(2, [summary('a')], 1, 100);
  expect(changeOfAll(before, pipeline, [])).toEqual({ scope: 'all', at_millis: 2, pipeline: pipeline.pipeline });
});

test('of all projects: what has settled is told as it is now, what is gone by its id', () => {
  const before = all(1, [summary('a'), summary('b'), summary('c')], 3);
  const settled = summary('b', { state: 'fresh' });
  const after = all(2, [summary('a'), summary('d')], 3);
  expect(changeOfAll(before, after, [settled])).toEqual({
    ...{ scope: 'all', at_millis: 2 },
    projects: [summary('d'), settled],
    removed_projects: ['c'],
  });
});
