import type {
  AllSyncStatus,
  ProjectSyncStatus,
  ProjectSyncSummary,
  StatusHistory,
  StatusQuery,
  StatusSnapshot,
  SyncTotals,
} from '@hexclave/contract';
import { schemaError } from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import {
  type AttentionCounts,
  type Catalog,
  compileBacklog,
  countTenancies,
  type ListPosition,
  type ListRequest,
  listTenancies,
  readAttention,
  readDatabaseHistory,
  readPipeline,
  readPipelineHistory,
  readSnapshot,
  readUnnumbered,
  type TenancyStatuses,
  tenancyReader,
} from '@hexclave/sync';
import { decodePosition, encodePosition } from './status-cursor.ts';
import { databaseHistory, HISTORY_MS, pipelineHistory } from './status-history.ts';
import { DETAIL_LIMIT, pipelineStatus, projectStatus, projectSummary } from './status-shapes.ts';

/** In lists, where a page has many projects, backlogs are counted up to so many rows of a table. */
const LIST_LIMIT = 100;

/** So many projects that are not fresh are in a snapshot of all. */
const MOST_FOLLOWED = 100;

/** What is followed of all projects. */
export type AllSnapshot = Extract<StatusSnapshot, { scope: 'all' }>;

/** Reads statuses; each call is one snapshot of the internal database. */
export type StatusReader = {
  /** Those that exist of some projects, by the ids of their tenancies. */
  projects(tenancyIds: readonly string[]): Promise<Map<string, ProjectSyncStatus>>;
  page(query: StatusQuery): Promise<AllSyncStatus>;
  /** All that are not fresh, with the pipeline. `settled`: what has become of those of `before` that are no longer among them. */
  followed(before: readonly string[]): Promise<{ snapshot: AllSnapshot; settled: ProjectSyncSummary[] }>;
  projectHistory(tenancyId: string, externalDatabaseId: string | undefined): Promise<StatusHistory>;
  wholeHistory(): Promise<StatusHistory>;
};

export function createStatusReader(database: Database, catalog: Catalog): StatusReader {
  const sql = compileBacklog(catalog);
  const readTenancies = tenancyReader(catalog);

  const summaries = async (tx: Queryable, ids: readonly string[]) => {
    const statuses = await readTenancies(tx, ids, { limit: LIST_LIMIT, onlyQueued: true });
    return inOrder(statuses, ids).map((status) => projectSummary(status, statuses.at));
  };
  const overview = async (tx: Queryable, counts: AttentionCounts) => {
    const pipeline = await readPipeline(tx, sql);
    const totals = totalsOf(counts, await countTenancies(tx));
    return { totals, pipeline: pipelineStatus(pipeline), at_millis: pipeline.at.getTime() };
  };
  const history = (read: (tx: Queryable) => Promise<Pick<StatusHistory, 'pipeline' | 'external_databases'>>) =>
    readSnapshot(database, async (tx) => {
      const [now] = await tx.query<{ at: Date }>('SELECT now() AS at');
      const at = now?.at.getTime() ?? Date.now();
      return { at_millis: at, from_millis: at - HISTORY_MS, ...(await read(tx)) };
    });

  return {
    projects: (ids) =>
      readSnapshot(database, async (tx) => {
        const statuses = await readTenancies(tx, ids, { limit: DETAIL_LIMIT });
        return new Map([...statuses.tenancies].map(([id, status]) => [id, projectStatus(status, statuses)]));
      }),
    page: (query) =>
      readSnapshot(database, async (tx) => {
        const { ids, next, counts } = await listTenancies(tx, await readUnnumbered(tx, sql), toListRequest(query));
        return {
          scope: 'all',
          ...(await overview(tx, counts)),
          is_paginated: true,
          items: await summaries(tx, ids),
          pagination: { limit: query.limit, next_cursor: next && encodePosition(next) },
        };
      }),
    followed: (before) =>
      readSnapshot(database, async (tx) => {
        const unnumbered = await readUnnumbered(tx, sql);
        const { counts, first } = await readAttention(tx, unnumbered, { limit: MOST_FOLLOWED });
        const ids = first.map(({ tenancyId }) => tenancyId);
        const known = new Set(ids);
        const all = await summaries(tx, [...ids, ...before.filter((id) => !known.has(id))]);
        const projects = all.filter(({ tenancy_id }) => known.has(tenancy_id));
        const settled = all.filter(({ tenancy_id }) => !known.has(tenancy_id));
        const left = counts.failing + counts.behind + counts.paused - ids.length;
        return {
          snapshot: { scope: 'all', ...(await overview(tx, counts)), projects, projects_left_out: left },
          settled,
        };
      }),
    projectHistory: (tenancyId, externalDatabaseId) =>
      history(async (tx) => ({
        pipeline: [],
        external_databases: databaseHistory(await readDatabaseHistory(tx, tenancyId, externalDatabaseId ?? null)),
      })),
    wholeHistory: () =>
      history(async (tx) => ({ pipeline: pipelineHistory(await readPipelineHistory(tx)), external_databases: [] })),
  };
}

function inOrder({ tenancies }: TenancyStatuses, ids: readonly string[]) {
  return ids.flatMap((id) => tenancies.get(id) ?? []);
}

function totalsOf(
  { failing, behind, paused }: AttentionCounts,
  { tenancies, databases }: { tenancies: number; databases: number },
): SyncTotals {
  const fresh = Math.max(0, tenancies - failing - behind - paused);
  return { projects: tenancies, external_databases: databases, fresh, behind, failing, paused };
}

function toListRequest({ limit, state, sort, query, cursor }: StatusQuery): ListRequest {
  return { limit, state, sort, search: query || undefined, after: positionOf(cursor, sort) };
}

/** The place at which a page ends, before what comes by name begins. */
const KIND_OF_SORT: Record<StatusQuery['sort'], ListPosition['kind']> = {
  state: 'attention',
  lag: 'lag',
  '-lag': 'lag',
  name: 'name',
  '-name': 'name',
};

function positionOf(cursor: string | undefined, sort: StatusQuery['sort']): ListPosition | undefined {
  if (cursor === undefined) return undefined;
  const position = decodePosition(cursor);
  if (position === undefined || !(position.kind === 'name' || KIND_OF_SORT[sort] === position.kind)) {
    throw schemaError('query.cursor', 'is not a cursor of this list');
  }
  return position;
}
