import type { AllSyncStatus, ProjectSyncSummary } from '@hexclave/contract';
import type { StatusMessage } from '@hexclave/sdk';
import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { clientFor } from './clients.ts';
import { statusFeed } from './live-status.ts';
import {
  hasPlace,
  matches,
  ofSummary,
  type ProjectFilter,
  rowsOf,
  type ServerSort,
  type SummaryChanges,
  withChanges,
} from './project-list.ts';

const PER_PAGE = 200;
const UNCOPIED = ['all-projects', 'uncopied'];
const operator = clientFor('internal');
/** The stream keeps what is shown up to date; what is not shown is not kept. */
const WHILE_SHOWN = { staleTime: Number.POSITIVE_INFINITY, gcTime: 0 };

type Pages = InfiniteData<AllSyncStatus, string | undefined>;

const summariesQuery = ({ state, query }: ProjectFilter, sort: ServerSort) =>
  infiniteQueryOptions({
    queryKey: ['all-projects', 'sync', state, query, sort],
    initialPageParam: undefined as string | undefined,
    enabled: state !== 'none',
    queryFn: async ({ pageParam, signal }): Promise<AllSyncStatus> => {
      const filter = { ...(state !== 'all' && state !== 'none' && { state }), ...(query !== '' && { query }) };
      const page = await operator.dbSync.status(
        { scope: 'all', sort, limit: PER_PAGE, ...filter, ...(pageParam && { cursor: pageParam }) },
        { signal },
      );
      if (page.scope !== 'all') throw new TypeError('The server answered with the status of one project');
      return page;
    },
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
    ...WHILE_SHOWN,
  });

/** Projects that are copied nowhere, of which the status does not know. */
const uncopiedQuery = (query: string) =>
  infiniteQueryOptions({
    queryKey: [...UNCOPIED, query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      operator.projects.list(
        {
          external_databases: 'none',
          limit: PER_PAGE,
          ...(query !== '' && { query }),
          ...(pageParam && { cursor: pageParam }),
        },
        { signal },
      ),
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
    ...WHILE_SHOWN,
  });

/** The projects that are looked for, as far as they are loaded, kept up to date by the live status. */
export function useAllProjects(filter: ProjectFilter, sort: ServerSort) {
  const { state, query } = filter;
  const synced = useInfiniteQuery({ ...summariesQuery(filter, sort), placeholderData: keepPreviousData });
  const uncopied = useInfiniteQuery({ ...uncopiedQuery(query), placeholderData: keepPreviousData });
  const allUncopied = useInfiniteQuery(uncopiedQuery(''));
  useLiveSummaries(filter, sort, synced.isFetching);
  const hasAllSynced = state === 'none' || isAllOf(synced);
  // Projects without a copy come last, and only once all others are there.
  const showsUncopied = state === 'none' || (state === 'all' && hasAllSynced);
  const rows = useMemo(() => {
    const summaries = state === 'none' ? [] : itemsOf(synced.data);
    const rest = showsUncopied ? itemsOf(uncopied.data) : [];
    return rowsOf({ summaries, uncopied: rest }, { state, query }, sort);
  }, [synced.data, uncopied.data, state, query, sort, showsUncopied]);
  const next = hasAllSynced ? uncopied : synced;
  return {
    rows,
    isLoading: state === 'none' ? uncopied.isPending : synced.isPending,
    /** Whether all that match came with one page, and can then be sorted by whatever is in it. */
    isComplete:
      hasAllSynced &&
      (state === 'none' || (synced.data?.pages.length ?? 0) <= 1) &&
      !(showsUncopied && !isAllOf(uncopied)),
    more: {
      // After a failure nothing is loaded before somebody asks for it.
      isThere: next.hasNextPage && !next.isError && (!hasAllSynced || showsUncopied),
      load: () => {
        if (next.hasNextPage && !next.isFetching && !next.isError) void next.fetchNextPage();
      },
    },
    /** Of all projects, when the list was loaded. */
    totals: synced.data?.pages.at(-1)?.totals,
    /** Whatever is looked for: all of them, or as many as one page has. */
    uncopied: allUncopied.data && { count: itemsOf(allUncopied.data).length, areMore: allUncopied.hasNextPage },
    ...failureOf([synced, uncopied]),
  };
}

/** What is shown until the first page of something else has come says nothing of how much of that there is. */
function isAllOf(list: { isSuccess: boolean; isPlaceholderData: boolean; hasNextPage: boolean }): boolean {
  return list.isSuccess && !list.isPlaceholderData && !list.hasNextPage;
}

type Loading = {
  error: Error | null;
  isFetchNextPageError: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
};

function failureOf(lists: readonly Loading[]) {
  const failed = lists.filter(({ error }) => error !== null);
  return {
    error: failed[0]?.error ?? null,
    retry: () => {
      for (const list of failed) void (list.isFetchNextPageError ? list.fetchNextPage() : list.refetch());
    },
  };
}

function itemsOf<Item>(data: { pages: { items: Item[] }[] } | undefined): Item[] {
  return data?.pages.flatMap(({ items }) => items) ?? [];
}

/** Puts what the live status says of single projects into what is loaded. */
function useLiveSummaries({ state, query }: ProjectFilter, sort: ServerSort, isFetching: boolean): void {
  const queryClient = useQueryClient();
  const loaded = useMemo(() => loadedSummaries(queryClient, { state, query }, sort), [queryClient, state, query, sort]);
  useEffect(() => {
    const feed = statusFeed('all', 'internal');
    let isFollowing = feed.get().status !== undefined;
    return feed.onMessage((message) => {
      const isAnew = message.type === 'snapshot' && isFollowing;
      isFollowing = true;
      // Changes were missed, of which nobody knows which they were.
      if (isAnew) return loaded.loadAnew();
      const changes = changesOf(message);
      if (changes.size === 0) return;
      loaded.putIn(changes);
      if ([...changes.values()].includes(null)) void queryClient.invalidateQueries({ queryKey: UNCOPIED });
    });
  }, [queryClient, loaded]);
  useEffect(() => {
    if (!isFetching) loaded.putBack();
  }, [loaded, isFetching]);
}

/** The summaries that are looked for, as they are in the cache. */
function loadedSummaries(queryClient: QueryClient, filter: ProjectFilter, sort: ServerSort) {
  const { queryKey } = summariesQuery(filter, sort);
  // A page that arrives is put behind those that were there when it was asked for: what was put into them since is gone.
  const meanwhile = new Map<string, ProjectSyncSummary | null>();
  const isBeingFetched = () => queryClient.isFetching({ queryKey, exact: true }) > 0;
  const set = (changes: SummaryChanges) =>
    queryClient.setQueryData<Pages>(queryKey, (data) => data && put(data, changes, filter, sort));
  return {
    loadAnew: () => void queryClient.invalidateQueries({ queryKey }),
    putIn: (changes: SummaryChanges) => {
      set(changes);
      const isSoonGone = isBeingFetched();
      for (const [id, change] of changes) {
        if (isSoonGone) meanwhile.set(id, change);
        else meanwhile.delete(id);
      }
    },
    /** Once more what came while a page was being fetched. */
    putBack: () => {
      if (meanwhile.size === 0) return;
      set(meanwhile);
      // The next page may have been asked for by now.
      if (!isBeingFetched()) meanwhile.clear();
    },
  };
}

/** What is there as a whole has a place for everything. */
function put(data: Pages, changes: SummaryChanges, filter: ProjectFilter, sort: ServerSort): Pages {
  const isWhole = data.pages.length === 1 && data.pages[0]?.pagination.next_cursor === null;
  const admits = (summary: ProjectSyncSummary) =>
    (isWhole || hasPlace(summary, sort)) && matches(ofSummary(summary), filter);
  const pages = withChanges(data.pages, changes, admits);
  return { ...data, pages };
}

function changesOf(message: StatusMessage): SummaryChanges {
  if ((message.type !== 'snapshot' && message.type !== 'change') || message.data.scope !== 'all') return new Map();
  const removed = 'removed_projects' in message.data ? (message.data.removed_projects ?? []) : [];
  return new Map([
    ...(message.data.projects ?? []).map((project) => [project.tenancy_id, project] as const),
    ...removed.map((id) => [id, null] as const),
  ]);
}
