import type { Catalog } from '../declare/catalog.ts';
import type { Backlog } from './backlog.ts';
import type { DatabaseFacts, MappingFacts, RequestFacts } from './facts.ts';
import type { Fusebox } from './fusebox.ts';
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

/** One mapping on its way into one external database. */
export type Lane = {
  readonly database: DatabaseFacts;
  readonly mapping: string;
  readonly table: string;
  readonly facts: MappingFacts | null;
};

/** What an owner has left out is no lane, whatever may be kept of it. */
export function lanesOf(
  catalog: Catalog,
  databases: readonly DatabaseFacts[],
  mappings: readonly MappingFacts[],
): Lane[] {
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

/** Lanes of the same tenancy and table have as many rows to copy. */
export function sourceOf({ database, table }: Lane): string {
  return `${database.tenancyId} ${table}`;
}

/** What a lane is judged by, besides what is kept of it. */
export type Observed = {
  readonly at: Date;
  readonly fusebox: Fusebox;
  /** Where counting ended. */
  readonly limit: number;
  readonly backlog: Backlog;
  /** Rows of a table that is being copied; `null`: nobody knows. */
  readonly expected: number | null;
  readonly requests: RequestFacts | undefined;
};

export function judgeLane(
  { database, mapping, table, facts }: Lane,
  { at, fusebox, limit, backlog, expected, requests }: Observed,
): MappingStatus {
  const phase = facts?.phase ?? 'waiting';
  const clock = { now: at, sequencerIsOn: fusebox.sequencer, oldestRequestAt: requests?.oldestAt ?? null };
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

/** It has a backlog without anything being queued. */
export function isHeldUp({ database, facts }: Lane): boolean {
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

export function judgeDatabase(facts: DatabaseFacts, mappings: readonly MappingStatus[], at: Date): DatabaseStatus {
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
