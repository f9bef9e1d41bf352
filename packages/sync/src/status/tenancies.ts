import type { Queryable } from '@hexclave/db';
import { type BacklogSql, compileBacklog } from '../compile/backlog.ts';
import type { Catalog } from '../declare/catalog.ts';
import { type Backlog, NOTHING, readBacklogs } from './backlog.ts';
import { type RequestFacts, readDatabases, readMappings, readRequests } from './facts.ts';
import { type Fusebox, readFusebox } from './fusebox.ts';
import { groupBy } from './group-by.ts';
import { type SyncState, worstState } from './judge.ts';
import { type DatabaseStatus, isHeldUp, judgeDatabase, judgeLane, type Lane, lanesOf, sourceOf } from './lanes.ts';
import { readSizes } from './sizes.ts';

export type PendingRows = { readonly table: string; readonly rows: number };

export type TenancyStatus = {
  readonly tenancyId: string;
  readonly projectId: string;
  readonly branchId: string;
  readonly displayName: string;
  /** `null`: it has no external database. */
  readonly state: SyncState | null;
  readonly databases: readonly DatabaseStatus[];
  readonly pending: readonly PendingRows[];
  readonly requests: RequestFacts | null;
};

/** The statuses of tenancies that exist, at one moment of the internal database's clock. */
export type TenancyStatuses = {
  readonly at: Date;
  readonly fusebox: Fusebox;
  readonly tenancies: ReadonlyMap<string, TenancyStatus>;
};

const TENANCIES = `
  SELECT t."id" AS "tenancyId", t."projectId", t."branchId", p."displayName"
  FROM unnest($1::uuid[]) u (tenancy) JOIN "Tenancy" t ON t."id" = u.tenancy JOIN "Project" p ON p."id" = t."projectId"`;

type TenancyRow = Pick<TenancyStatus, 'tenancyId' | 'projectId' | 'branchId' | 'displayName'>;

export type Counting = {
  /** Backlogs are counted up to so many rows of a mapping. */
  readonly limit: number;
  /**
   * Counts only where something is queued, waits for a number, is paused or fails: nothing else can have a backlog, since a
   * change gets its number and its request at once. For lists, most of which have none.
   */
  readonly onlyQueued?: boolean;
};

/** Reads statuses of tenancies. In a snapshot: see {@link readSnapshot}. */
export type ReadTenancies = (tx: Queryable, ids: readonly string[], counting: Counting) => Promise<TenancyStatuses>;

export function tenancyReader(catalog: Catalog): ReadTenancies {
  const sql = compileBacklog(catalog);
  return async (tx, ids, { limit, onlyQueued = false }) => {
    const { at, fusebox } = await readFusebox(tx);
    const tenancies = await tx.query<TenancyRow>(TENANCIES, [ids]);
    const databases = await readDatabases(tx, ids);
    const lanes = lanesOf(catalog, databases, await readMappings(tx, ids));
    const requests = new Map((await readRequests(tx, ids)).map((row) => [row.tenancyId, row]));
    const pending = groupBy(await readPending(tx, sql, ids, limit), ({ tenancyId }) => tenancyId);
    const isAtWork = (tenancyId: string) =>
      requests.has(tenancyId) || (pending.get(tenancyId)?.some(({ rows }) => rows > 0) ?? false);
    const counted = lanes.filter((lane) => !onlyQueued || isAtWork(lane.database.tenancyId) || isHeldUp(lane));
    const backlogs = await countLanes(tx, catalog, sql, counted, limit);
    const sizes = await estimateCopies(tx, catalog, sql, lanes, limit);
    const mappings = groupBy(lanes, ({ database }) => database);
    const judge = (lane: Lane) =>
      judgeLane(lane, {
        ...{ at, fusebox, limit, backlog: backlogs.get(lane) ?? NOTHING, expected: sizes.get(sourceOf(lane)) ?? null },
        requests: requests.get(lane.database.tenancyId),
      });
    const statuses = groupBy(
      databases.map((database) => judgeDatabase(database, (mappings.get(database) ?? []).map(judge), at)),
      ({ facts }) => facts.tenancyId,
    );
    const result = tenancies.map((tenancy): [string, TenancyStatus] => {
      const own = statuses.get(tenancy.tenancyId) ?? [];
      const state = worstState(own.map((status) => status.state));
      const waiting = {
        pending: pending.get(tenancy.tenancyId) ?? [],
        requests: requests.get(tenancy.tenancyId) ?? null,
      };
      return [tenancy.tenancyId, { ...tenancy, state, databases: own, ...waiting }];
    });
    return { at, fusebox, tenancies: new Map(result) };
  };
}

async function countLanes(
  tx: Queryable,
  catalog: Catalog,
  sql: BacklogSql,
  lanes: readonly Lane[],
  limit: number,
): Promise<Map<Lane, Backlog>> {
  const places = lanes.map(({ database, table, facts }) => ({
    ...{ tenancyId: database.tenancyId, table },
    cursor: facts?.phase === 'stream' ? facts.cursor : null,
  }));
  const found = await readBacklogs(tx, catalog, sql, places, limit);
  return new Map(lanes.map((lane, index) => [lane, found[index] ?? NOTHING]));
}

async function readPending(tx: Queryable, sql: BacklogSql, ids: readonly string[], limit: number) {
  const rows = await tx.query<{ tenancyId: string; table: string; rows: bigint }>(sql.pendingOf, [ids, limit]);
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }));
}

/** How many rows there are to copy, of tables that are being copied, by {@link sourceOf}. */
async function estimateCopies(
  tx: Queryable,
  catalog: Catalog,
  sql: BacklogSql,
  lanes: readonly Lane[],
  limit: number,
): Promise<Map<string, number | null>> {
  const copies = lanes.filter(({ facts }) => facts?.phase !== 'stream');
  const sources = new Map(
    copies.map((lane) => [sourceOf(lane), { tenancyId: lane.database.tenancyId, table: lane.table }]),
  );
  const sizes = await readSizes(tx, catalog, sql, [...sources.values()], limit);
  return new Map([...sources.keys()].map((source, index) => [source, sizes[index] ?? null]));
}
