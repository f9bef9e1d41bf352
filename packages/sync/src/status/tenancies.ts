import type { Queryable } from '@hexclave/db';
import { type BacklogSql, compileBacklog } from '../compile/backlog.ts';
import type { Catalog } from '../declare/catalog.ts';
import { type Backlog, estimateRows, NOTHING, readBacklogs } from './backlog.ts';
import {
  type DatabaseFacts,
  type MappingFacts,
  type RequestFacts,
  readDatabases,
  readMappings,
  readRequests,
} from './facts.ts';
import { type Fusebox, readFusebox } from './fusebox.ts';
import {
  type Behind,
  behindOf,
  behindOfCopy,
  behindTogether,
  freshThrough,
  latest,
  rateOf,
  type SyncState,
  stateOf,
  worstState,
} from './judge.ts';

/** One mapping of one external database. */
export type MappingStatus = {
  readonly mapping: string;
  readonly sourceTable: string;
  readonly targetTable: string;
  readonly state: SyncState;
  readonly phase: 'waiting' | 'copy' | 'stream';
  readonly copy: { readonly copied: number; readonly expected: number | null } | null;
  readonly behind: Behind;
  readonly rowsPerSecond: number;
  /** `null`: it was never tried. */
  readonly facts: MappingFacts | null;
};

export type DatabaseStatus = {
  readonly facts: DatabaseFacts;
  readonly state: SyncState;
  readonly freshThrough: Date | null;
  readonly behind: Behind;
  readonly rowsPerSecond: number;
  readonly lastAppliedAt: Date | null;
  readonly parkedRows: number;
  readonly mappings: readonly MappingStatus[];
};

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

/** Copies beyond these are told without an estimate of their rows. */
const MOST_ESTIMATES = 40;

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
    const mappings = await readMappings(tx, ids);
    const requests = new Map((await readRequests(tx, ids)).map((row) => [row.tenancyId, row]));
    const pending = await readPending(tx, sql, ids, limit);
    const lanes = lanesOf(catalog, databases, mappings);
    const atWork = new Set([
      ...requests.keys(),
      ...pending.filter(({ rows }) => rows > 0).map(({ tenancyId }) => tenancyId),
    ]);
    const counted = lanes.filter((lane) => !onlyQueued || atWork.has(lane.database.tenancyId) || isHeldUp(lane));
    const places = counted.map(({ database, table, facts }) => ({
      tenancyId: database.tenancyId,
      table,
      cursor: facts?.phase === 'stream' ? facts.cursor : null,
    }));
    const found = await readBacklogs(tx, catalog, sql, places, limit);
    const backlogs = new Map(counted.map((lane, index) => [lane, found[index] ?? NOTHING]));
    const expected = await estimateCopies(tx, catalog, lanes, limit);
    const context = { at, fusebox, limit, requests };
    const judged = lanes.map((lane) =>
      judgeLane(lane, backlogs.get(lane) ?? NOTHING, expected.get(keyOf(lane)), context),
    );
    const statuses = tenancies.map((tenancy): TenancyStatus => {
      const own = databases
        .filter(({ tenancyId }) => tenancyId === tenancy.tenancyId)
        .map((database) =>
          judgeDatabase(
            database,
            judged.filter((_, index) => lanes[index]?.database === database),
            at,
          ),
        );
      return {
        ...tenancy,
        state: worstState(own.map(({ state }) => state)),
        databases: own,
        pending: pending.filter(({ tenancyId }) => tenancyId === tenancy.tenancyId),
        requests: requests.get(tenancy.tenancyId) ?? null,
      };
    });
    return { at, fusebox, tenancies: new Map(statuses.map((status) => [status.tenancyId, status])) };
  };
}

/** One mapping on its way into one external database. */
type Lane = {
  readonly database: DatabaseFacts;
  readonly mapping: string;
  readonly table: string;
  readonly facts: MappingFacts | null;
};

/** What an owner has left out is no lane, whatever may be kept of it. */
function lanesOf(catalog: Catalog, databases: readonly DatabaseFacts[], mappings: readonly MappingFacts[]): Lane[] {
  const known = new Map(mappings.map((row) => [`${row.tenancyId} ${row.externalDatabaseId} ${row.mapping}`, row]));
  return databases.flatMap((database) =>
    catalog.mappings
      .filter(({ name }) => database.tables?.[name]?.enabled !== false)
      .map(({ name, table }) => {
        const facts = known.get(`${database.tenancyId} ${database.id} ${name}`) ?? null;
        return { database, mapping: name, table: table.name, facts };
      }),
  );
}

async function readPending(tx: Queryable, sql: BacklogSql, ids: readonly string[], limit: number) {
  const rows = await tx.query<{ tenancyId: string; table: string; rows: bigint }>(sql.pendingOf, [ids, limit]);
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }));
}

function keyOf({ database, table }: Lane): string {
  return `${database.tenancyId} ${table}`;
}

/** How many rows there are to copy, of tables that are being copied. */
async function estimateCopies(
  tx: Queryable,
  catalog: Catalog,
  lanes: readonly Lane[],
  limit: number,
): Promise<Map<string, number | null>> {
  const expected = new Map<string, number | null>();
  for (const lane of lanes) {
    if (lane.facts?.phase === 'stream' || expected.has(keyOf(lane)) || expected.size >= MOST_ESTIMATES) continue;
    expected.set(keyOf(lane), await estimateRows(tx, catalog, lane.database.tenancyId, lane.table, limit));
  }
  return expected;
}

type Context = {
  readonly at: Date;
  readonly fusebox: Fusebox;
  readonly limit: number;
  readonly requests: ReadonlyMap<string, RequestFacts>;
};

function judgeLane(
  { database, mapping, table, facts }: Lane,
  backlog: Backlog,
  expected: number | null = null,
  { at, fusebox, limit, requests }: Context,
): MappingStatus {
  const phase = facts?.phase ?? 'waiting';
  const oldestRequestAt = requests.get(database.tenancyId)?.oldestAt ?? null;
  const clock = { now: at, sequencerIsOn: fusebox.sequencer, oldestRequestAt };
  const copied = Number(facts?.rowsCopied ?? 0);
  const behind =
    phase === 'stream' ? behindOf(backlog, limit, clock) : behindOfCopy(expected, phase === 'copy' ? copied : 0);
  const failing = isFailing(database) || (facts !== null && isFailing(facts)) || (facts?.parkedRows ?? 0n) > 0n;
  return {
    mapping,
    sourceTable: table,
    targetTable: database.tables?.[mapping]?.targetName ?? mapping,
    state: stateOf({ paused: database.paused, failing, copying: phase !== 'stream', behind }, at),
    phase,
    copy: phase === 'copy' ? { copied, expected: expected === null ? null : Math.max(expected, copied) } : null,
    behind,
    rowsPerSecond: rateOfLane(database, mapping, Number(facts?.rowsApplied ?? 0), at),
    facts,
  };
}

function isHeldUp({ database, facts }: Lane): boolean {
  return database.paused || isFailing(database) || (facts !== null && isFailing(facts));
}

function isFailing({ errorCode }: { readonly errorCode: string | null }): boolean {
  return errorCode !== null;
}

/** Without any sample, only what is new has a rate: of the others it is not known what they did before the last hour. */
function rateOfLane(database: DatabaseFacts, mapping: string, applied: number, at: Date): number {
  const { sampled, sampledAt, createdAt } = database;
  if (sampled !== null && sampledAt !== null) return rateOf(applied - (sampled[mapping]?.applied ?? 0), sampledAt, at);
  return at.getTime() - createdAt.getTime() < NEW_MS ? rateOf(applied, createdAt, at) : 0;
}

const NEW_MS = 60_000;

function judgeDatabase(facts: DatabaseFacts, mappings: readonly MappingStatus[], at: Date): DatabaseStatus {
  const behind = behindTogether(mappings.map((mapping) => mapping.behind));
  const copying = mappings.some(({ phase }) => phase !== 'stream');
  const parkedRows = mappings.reduce((sum, mapping) => sum + Number(mapping.facts?.parkedRows ?? 0), 0);
  const failing = isFailing(facts) || parkedRows > 0 || mappings.some((mapping) => mapping.state === 'failing');
  return {
    facts,
    state: stateOf({ paused: facts.paused, failing, copying, behind }, at),
    freshThrough: freshThrough({ copying, behind }, at),
    behind,
    rowsPerSecond: mappings.reduce((sum, { rowsPerSecond }) => sum + rowsPerSecond, 0),
    lastAppliedAt: latest(mappings.map((mapping) => mapping.facts?.lastAppliedAt)),
    parkedRows,
    mappings,
  };
}
