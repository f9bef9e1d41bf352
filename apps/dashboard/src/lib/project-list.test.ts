import type { Project, ProjectSyncSummary } from '@hexclave/contract';
import { expect, test } from 'vitest';
import { hasPlace, matches, ofSummary, rowsOf, type ServerSort, withChanges } from './project-list.ts';

/** The parts of a summary that are looked at. */
function summary(id: string, state: ProjectSyncSummary['state'], since: number | null = null): ProjectSyncSummary {
  return {
    tenancy_id: `t-${id}`,
    project_id: id,
    branch_id: 'main',
    display_name: `Shop ${id}`,
    state,
    failing_since_millis: state === 'failing' ? since : null,
    oldest_unsynced_at_millis: since,
  } as ProjectSyncSummary;
}

const ALL = { state: 'all', query: '' } as const;

const idsOf = (pages: { items: ProjectSyncSummary[] }[]) =>
  pages.map(({ items }) => items.map(({ project_id }) => project_id));

test('what is loaded is brought up to date on the page where it is', () => {
  const pages = [{ items: [summary('a', 'failing', 1)] }, { items: [summary('b', 'fresh'), summary('c', 'fresh')] }];
  const changes = new Map([
    ['t-c', summary('c', 'failing', 2)],
    ['t-b', null],
  ]);
  const updated = withChanges(pages, changes, () => true);
  expect(idsOf(updated)).toEqual([['a'], ['c']]);
  expect(updated[1]?.items[0]?.state).toBe('failing');
  // What was given is not altered.
  expect(idsOf(pages)).toEqual([['a'], ['b', 'c']]);
});

test('a project that no page has is put on the first one, if it is wanted there', () => {
  const pages = [{ items: [summary('a', 'failing', 1)] }, { items: [] }];
  const changes = new Map([
    ['t-b', summary('b', 'failing', 2)],
    ['t-c', summary('c', 'fresh')],
  ]);
  expect(idsOf(withChanges(pages, changes, ({ state }) => state === 'failing'))).toEqual([['a', 'b'], []]);
});

test('the longest failure is the most urgent, and what has no database comes last', () => {
  const summaries = [
    summary('fresh', 'fresh'),
    summary('paused', 'paused'),
    summary('behind', 'behind', 9),
    summary('new', 'failing', 8),
    summary('old', 'failing', 7),
  ];
  const loaded = { summaries, uncopied: [{ id: 'none', display_name: 'None' } as Project] };
  const order = (sort: ServerSort) => rowsOf(loaded, ALL, sort).map(({ id }) => id);
  expect(order('state')).toEqual(['old', 'new', 'behind', 'paused', 'fresh', 'none']);
  expect(order('name')).toEqual(['fresh', 'paused', 'behind', 'new', 'old', 'none']);
});

test('by lag, what has waited for longest comes first, and what waits for nothing stays in the order of names', () => {
  const summaries = [
    summary('b', 'failing', 8),
    summary('a', 'behind', 7),
    summary('c', 'paused'),
    summary('d', 'fresh', 9),
    summary('e', 'fresh'),
  ];
  const order = (sort: ServerSort) => rowsOf({ summaries, uncopied: [] }, ALL, sort).map(({ id }) => id);
  expect(order('lag')).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(order('-lag')).toEqual(['b', 'a', 'c', 'd', 'e']);
});

test('a project has a place among those that wait, whatever is loaded, and none in the order of names', () => {
  const [late, fresh] = [summary('a', 'failing', 1), summary('b', 'fresh')];
  expect(hasPlace(late, 'lag')).toBe(true);
  expect(hasPlace(fresh, '-lag')).toBe(false);
  expect(hasPlace(fresh, 'state')).toBe(true);
  expect(hasPlace(late, 'name')).toBe(false);
});

test('nothing is shown twice, and nothing that has ceased to match', () => {
  const shared = summary('a', 'failing', 1);
  const uncopied = [{ id: 'a', display_name: 'Shop a' } as Project];
  const shown = rowsOf({ summaries: [shared, summary('b', 'fresh'), shared], uncopied }, ALL, 'state');
  expect(shown.map(({ id }) => id)).toEqual(['a', 'b']);
  const failing = rowsOf(
    { summaries: [summary('b', 'fresh')], uncopied: [] },
    { state: 'failing', query: '' },
    'state',
  );
  expect(failing).toEqual([]);
});

test('a project is found by its state and by a part of its name or id, in any case', () => {
  const project = ofSummary(summary('7F', 'paused'));
  expect(matches(project, { state: 'all', query: '' })).toBe(true);
  expect(matches(project, { state: 'paused', query: 'sHOP' })).toBe(true);
  expect(matches(project, { state: 'all', query: '7f' })).toBe(true);
  expect(matches(project, { state: 'fresh', query: '' })).toBe(false);
  expect(matches(project, { state: 'all', query: 'forum' })).toBe(false);
});
