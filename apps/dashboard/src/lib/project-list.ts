import type { Project, ProjectSyncSummary, SyncState } from '@hexclave/contract';
import { sortRows } from './sort.ts';

export const STATE_FILTERS = ['all', 'failing', 'behind', 'paused', 'fresh', 'none'] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];

/** A project as the operator's list shows it. */
export type ListedProject = {
  id: string;
  name: string;
  /** Of a branch other than the main one, which has a line of its own. */
  branch: string | undefined;
  /** `none`: it has no external database. */
  state: SyncState | 'none';
  /** Undefined without an external database. */
  sync: ProjectSyncSummary | undefined;
};

/** What is looked for. */
export type ProjectFilter = { state: StateFilter; query: string };

/** What has become of projects, by tenancy; null: it has no external database any more. */
export type SummaryChanges = ReadonlyMap<string, ProjectSyncSummary | null>;

const MAIN_BRANCH = 'main';

/** What needs attention most comes first; of two that fail, the one that has failed for longer. */
const URGENCY: Record<ListedProject['state'], number> = { failing: 0, behind: 1, paused: 2, fresh: 3, none: 4 };
const MILLIS_IN_100_YEARS = 3.2e12;

/** In the order in which the server lists them too: a change puts a project where a new page would have it. */
export function urgencyOf({ state, sync }: Pick<ListedProject, 'state' | 'sync'>): number {
  return URGENCY[state] + (sync?.failing_since_millis ?? sync?.oldest_unsynced_at_millis ?? 0) / MILLIS_IN_100_YEARS;
}

/** How long the oldest change has waited, as a number that grows with it. Null where none does, or not for longer than usual. */
export function lagOf({ state, sync }: Pick<ListedProject, 'state' | 'sync'>): number | null {
  const since = sync?.oldest_unsynced_at_millis ?? null;
  return state === 'fresh' || since === null ? null : -since;
}

/**
 * What the server sorts all projects by: `state` has what needs attention first, `lag` what has waited for longest, and `-lag`
 * for least.
 */
export type ServerSort = 'state' | 'lag' | '-lag' | 'name' | '-name';

function inOrder(rows: readonly ListedProject[], sort: ServerSort): readonly ListedProject[] {
  if (sort === 'state') return sortRows(rows, urgencyOf, false);
  if (sort === 'lag' || sort === '-lag') return sortRows(rows, lagOf, sort === 'lag');
  return rows;
}

/** Whether a project's place is known that has just come to be what it is. In the order of names nobody knows the page. */
export function hasPlace(summary: ProjectSyncSummary, sort: ServerSort): boolean {
  return sort === 'state' || ((sort === 'lag' || sort === '-lag') && lagOf(ofSummary(summary)) !== null);
}

type Loaded = {
  summaries: readonly ProjectSyncSummary[];
  /** Projects without an external database, as far as they are to be shown. */
  uncopied: readonly Project[];
};

/** What is shown of what is loaded: what came by two pages once, and nothing that has ceased to match. */
export function rowsOf({ summaries, uncopied }: Loaded, filter: ProjectFilter, sort: ServerSort): ListedProject[] {
  const unique = [...new Map(summaries.map((summary) => [summary.tenancy_id, ofSummary(summary)])).values()];
  const wanted = unique.filter((row) => matches(row, filter));
  const known = new Set(unique.map(({ id }) => id));
  return [...inOrder(wanted, sort), ...uncopied.filter(({ id }) => !known.has(id)).map(ofProject)];
}

export function ofSummary(sync: ProjectSyncSummary): ListedProject {
  const branch = sync.branch_id === MAIN_BRANCH ? undefined : sync.branch_id;
  return { id: sync.project_id, name: sync.display_name, branch, state: sync.state, sync };
}

function ofProject({ id, display_name: name }: Project): ListedProject {
  return { id, name, branch: undefined, state: 'none', sync: undefined };
}

/** As the server looks for them. */
export function matches({ id, name, state }: ListedProject, filter: ProjectFilter): boolean {
  const wanted = filter.query.toLowerCase();
  return (
    (filter.state === 'all' || state === filter.state) &&
    (name.toLowerCase().includes(wanted) || id.toLowerCase().includes(wanted))
  );
}

/**
 * Pages of summaries with changes put in. What is loaded is brought up to date where it is.
 *
 * @param admits whether a project that is on no page is put on the first one
 */
export function withChanges<Page extends { items: ProjectSyncSummary[] }>(
  pages: readonly Page[],
  changes: SummaryChanges,
  admits: (summary: ProjectSyncSummary) => boolean,
): Page[] {
  const rest = new Map(changes);
  const updated = pages.map((page) => ({
    ...page,
    items: page.items.flatMap((item) => {
      const changed = rest.get(item.tenancy_id);
      rest.delete(item.tenancy_id);
      return changed === undefined ? item : (changed ?? []);
    }),
  }));
  const added = [...rest.values()].filter((summary) => summary !== null).filter(admits);
  return updated.map((page, index) => (index === 0 ? { ...page, items: [...page.items, ...added] } : page));
}
