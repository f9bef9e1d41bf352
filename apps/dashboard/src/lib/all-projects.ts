import type { Project, ProjectSyncSummary } from '@hexclave/contract';
import type { StatusMessage } from '@hexclave/sdk';
import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryClient,
  useInfiniteQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import type { ShownState } from '../components/state-pill.tsx';
import { clientFor } from './clients.ts';
import { statusFeed } from './live-status.ts';

/** A project as the operator's list shows it. */
export type ListedProject = {
  id: string;
  name: string;
  /** Of a branch other than the main one, which has a line of its own. */
  branch: string | undefined;
  state: ShownState;
  /** Undefined without an external database. */
  sync: ProjectSyncSummary | undefined;
};

const MAIN_BRANCH = 'main';
const SUMMARIES_PER_PAGE = 200;
const PROJECTS_PER_PAGE = 1_000;
const STALE_AFTER_MS = 5 * 60_000;
const operator = clientFor('internal');

type SummaryPage = { items: ProjectSyncSummary[]; pagination: { next_cursor: string | null } };

/** The worst first, so that what needs attention is there at once while the rest is still coming. */
const summariesQuery = infiniteQueryOptions({
  queryKey: ['all-projects', 'sync'],
  initialPageParam: undefined as string | undefined,
  queryFn: async ({ pageParam, signal }): Promise<SummaryPage> => {
    const query = { scope: 'all', limit: SUMMARIES_PER_PAGE, ...(pageParam && { cursor: pageParam }) } as const;
    const page = await operator.dbSync.status(query, { signal });
    if (page.scope !== 'all') throw new TypeError('The server answered with the status of one project');
    return { items: page.items, pagination: page.pagination };
  },
  getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  staleTime: STALE_AFTER_MS,
});

const projectsQuery = infiniteQueryOptions({
  queryKey: ['all-projects', 'list'],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam, signal }) =>
    operator.projects.list({ limit: PROJECTS_PER_PAGE, ...(pageParam && { cursor: pageParam }) }, { signal }),
  getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  staleTime: STALE_AFTER_MS,
});

/** All projects, page after page in the background, kept up to date by the live status. */
export function useAllProjects() {
  const summaries = useInfiniteQuery(summariesQuery);
  const projects = useInfiniteQuery(projectsQuery);
  useNextPage(summaries);
  useNextPage(projects);
  useLiveSummaries();
  // Of a project that is not among the summaries, nothing can be said until all of these are there.
  const isComplete = summaries.isSuccess && !summaries.hasNextPage;
  const rows = useMemo(
    () => merge(itemsOf(summaries.data), isComplete ? itemsOf(projects.data) : []),
    [summaries.data, projects.data, isComplete],
  );
  return {
    rows,
    isLoading: summaries.isPending,
    /** Whether more are coming. */
    isIncomplete: summaries.hasNextPage || projects.hasNextPage,
    error: summaries.error ?? projects.error,
    retry: () => {
      if (summaries.error) void summaries.refetch();
      if (projects.error) void projects.refetch();
    },
  };
}

function itemsOf<Item>(data: { pages: { items: Item[] }[] } | undefined): Item[] {
  return data?.pages.flatMap(({ items }) => items) ?? [];
}

type Pages = { hasNextPage: boolean; isFetching: boolean; isError: boolean; fetchNextPage: () => unknown };

function useNextPage({ hasNextPage, isFetching, isError, fetchNextPage }: Pages): void {
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
}

/** Takes a project that was deleted out of the list, which is not worth being loaded anew for that. */
export function forgetProject(queryClient: QueryClient, projectId: string): void {
  const isOther = (item: { id?: string; project_id?: string }) => (item.project_id ?? item.id) !== projectId;
  queryClient.setQueriesData<InfiniteData<{ items: object[] }>>({ queryKey: ['all-projects'] }, (data) =>
    data === undefined
      ? data
      : { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.filter(isOther) })) },
  );
}

/** Puts what the live status says of single projects into the pages. */
function useLiveSummaries(): void {
  const queryClient = useQueryClient();
  useEffect(
    () =>
      statusFeed('all', 'internal').onMessage((message) => {
        const changes = changesOf(message);
        if (changes.size === 0) return;
        queryClient.setQueryData<InfiniteData<SummaryPage, string | undefined>>(summariesQuery.queryKey, (data) =>
          data === undefined ? data : withChanges(data, changes),
        );
      }),
    [queryClient],
  );
}

/** By tenancy; null: it has no external database any more. */
function changesOf(message: StatusMessage): Map<string, ProjectSyncSummary | null> {
  if ((message.type !== 'snapshot' && message.type !== 'change') || message.data.scope !== 'all') return new Map();
  const removed = 'removed_projects' in message.data ? (message.data.removed_projects ?? []) : [];
  return new Map([
    ...(message.data.projects ?? []).map((project) => [project.tenancy_id, project] as const),
    ...removed.map((id) => [id, null] as const),
  ]);
}

function withChanges(
  data: InfiniteData<SummaryPage, string | undefined>,
  changes: Map<string, ProjectSyncSummary | null>,
): InfiniteData<SummaryPage, string | undefined> {
  const rest = new Map(changes);
  const pages = data.pages.map((page) => ({
    ...page,
    items: page.items.flatMap((item) => {
      const changed = rest.get(item.tenancy_id);
      rest.delete(item.tenancy_id);
      return changed === undefined ? item : (changed ?? []);
    }),
  }));
  const added = [...rest.values()].filter((project) => project !== null);
  return {
    ...data,
    pages: pages.map((page, index) => (index === 0 ? { ...page, items: [...page.items, ...added] } : page)),
  };
}

function merge(summaries: ProjectSyncSummary[], projects: Project[]): ListedProject[] {
  const unique = new Map(summaries.map((summary) => [summary.tenancy_id, summary]));
  const known = new Set(summaries.map(({ project_id }) => project_id));
  return [
    ...[...unique.values()].map(listed),
    ...projects
      .filter(({ id }) => !known.has(id))
      .map(
        ({ id, display_name: name }): ListedProject => ({
          id,
          name,
          branch: undefined,
          state: 'none',
          sync: undefined,
        }),
      ),
  ];
}

function listed(sync: ProjectSyncSummary): ListedProject {
  const branch = sync.branch_id === MAIN_BRANCH ? undefined : sync.branch_id;
  return { id: sync.project_id, name: sync.display_name, branch, state: sync.state, sync };
}
