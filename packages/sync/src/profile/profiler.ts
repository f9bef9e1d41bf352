import { randomUUID } from 'node:crypto';
import type { Database } from '@hexclave/db';
import type pg from 'pg';
import type { DeltaRow } from '../compile/fetch.ts';
import type { Catalog } from '../declare/catalog.ts';
import type { TrackedTable } from '../declare/tracked-table.ts';
import type { DestinationConnection, PageRow } from '../destination.ts';
import type { Connect } from '../engine/connections.ts';
import { type ExternalDatabase, type Route, routesOf } from '../engine/external-database.ts';
import { PAGE_ROWS, readSituation } from '../engine/source.ts';
import { type Profiled, readEarlier, saveProfiles } from './history.ts';
import { type Explainable, explainSource } from './postgres/explain-source.ts';
import { readServerFacts } from './postgres/server.ts';
import { profileStatement, type StatementProfile } from './profile.ts';
import { DEFAULT_PATIENCE, type Patience } from './read-result.ts';
import type { ExpectedIndex, Probe, SkipReason } from './source.ts';
import {
  EXISTING_INDEXES,
  expectedIndexes,
  fetchStatement,
  newestCursor,
  type StatementName,
  sequencingStatement,
  someRow,
} from './statements.ts';

export type ProfilerOptions = {
  readonly db: Database;
  readonly catalog: Catalog;
  readonly connect: Connect;
  readonly patience?: Patience;
};

export type ProfileRequest = {
  readonly tenancyId: string;
  readonly externalDatabaseId: string;
  /** Default: all that are copied. */
  readonly mapping?: string | undefined;
  /** Runs the apply statement also where triggers of the owner's would fire: what they do outside is not rolled back. */
  readonly fireTriggers: boolean;
};

/** All statements of one mapping, looked at together. */
export type MappingProfile = {
  readonly runId: string;
  readonly mapping: string;
  readonly at: Date;
  readonly statements: readonly StatementProfile[];
};

/** Profiles mappings, one after another. `null`: there is no such external database. */
export type Profiler = (request: ProfileRequest, signal: AbortSignal) => Promise<MappingProfile[] | null>;

/** What one run works with. */
type Run = {
  readonly options: ProfilerOptions;
  readonly client: pg.PoolClient;
  readonly database: ExternalDatabase;
  readonly request: ProfileRequest;
  readonly mayWrite: boolean;
  readonly signal: AbortSignal;
  /** Connects at the first call. */
  connection(): Promise<DestinationConnection>;
};

export function createProfiler(options: ProfilerOptions): Profiler {
  return async (request, signal) => {
    const { databases, enabled } = await readSituation(options.db, request.tenancyId);
    const database = databases.find(({ id }) => id === request.externalDatabaseId);
    if (database === undefined) return null;
    const siblingIds = databases.map(({ id }) => id).filter((id) => id !== database.id);
    const owner = { tenancyId: request.tenancyId, externalDatabaseId: database.id, siblingIds };
    let connecting: Promise<DestinationConnection> | undefined;
    const connection = () => {
      connecting ??= options.connect(database, owner);
      return connecting;
    };
    const client = await options.db.pool.connect();
    try {
      const mayWrite = enabled && !database.paused;
      return await profileMappings({ options, client, database, request, mayWrite, signal, connection });
    } finally {
      client.release();
      await connecting?.then(
        (opened) => opened.close(),
        () => undefined,
      );
    }
  };
}

async function profileMappings(run: Run): Promise<MappingProfile[] | null> {
  const { database, request, options } = run;
  const wanted = routesOf(options.catalog, database).filter(
    ({ target }) => request.mapping === undefined || target.mapping === request.mapping,
  );
  const profiles: MappingProfile[] = [];
  for (const route of wanted) {
    run.signal.throwIfAborted();
    const profile = await profileMapping(run, route);
    if (profile === null) return null;
    profiles.push(profile);
  }
  return profiles;
}

async function profileMapping(run: Run, route: Route): Promise<MappingProfile | null> {
  const { db, catalog, patience = DEFAULT_PATIENCE } = run.options;
  const { mapping } = route.target;
  const table = catalog.tables.find(({ name }) => name === route.sourceTable);
  if (table === undefined) throw new Error(`${route.sourceTable} is not tracked`);
  const of: Profiled = { ...run.request, mapping };
  const profile = (statement: StatementName, side: 'internal' | 'external', probe: () => Promise<Probe>) =>
    profileStatement({ statement, side }, probe, () => readEarlier(db, of, statement), patience, run.signal);

  const statements = [
    await profile('sequencing', 'internal', () => probeSequencing(run, table)),
    await profile('fetch', 'internal', () => probeFetch(run, table, route)),
    await profile('apply', 'external', () => probeApply(run, table, route)),
  ];
  const runId = randomUUID();
  const at = await saveProfiles(db, of, runId, statements);
  return at === null ? null : { runId, mapping, at, statements };
}

async function probeSequencing(run: Run, table: TrackedTable): Promise<Probe> {
  const { tenancyId } = run.request;
  const { rows } = await run.client.query(someRow(table), [tenancyId]);
  if (rows.length === 0) return skipped('NO_ROWS');
  return internalProbe(run, 'sequencing', table, sequencingStatement(table, tenancyId));
}

async function probeFetch(run: Run, table: TrackedTable, route: Route): Promise<Probe> {
  const statement = await newestChanges(run, table, route);
  return statement === null ? skipped('NO_ROWS') : internalProbe(run, 'fetch', table, statement);
}

/** Reads a page of the tenancy's newest changes; `null` if none has a number. */
async function newestChanges({ client, request: { tenancyId } }: Run, table: TrackedTable, route: Route) {
  const { rows } = await client.query<{ cursor: bigint }>(newestCursor(table), [tenancyId, PAGE_ROWS]);
  const [found] = rows;
  return found === undefined ? null : fetchStatement(route, tenancyId, found.cursor);
}

async function internalProbe(
  { client }: Run,
  statement: 'sequencing' | 'fetch',
  table: TrackedTable,
  explainable: Explainable,
): Promise<Probe> {
  const facts = await readServerFacts(client);
  const indexes = await findIndexes(client, expectedIndexes(statement, table));
  return { kind: 'ready', source: explainSource(client, facts, explainable), indexes, server: facts.version };
}

async function findIndexes(
  client: pg.ClientBase,
  expected: readonly Omit<ExpectedIndex, 'exists'>[],
): Promise<ExpectedIndex[]> {
  const { rows } = await client.query<{ name: string }>(EXISTING_INDEXES, [expected.map(({ name }) => name)]);
  return expected.map((index) => ({ ...index, exists: rows.some(({ name }) => name === index.name) }));
}

async function probeApply(run: Run, table: TrackedTable, route: Route): Promise<Probe> {
  if (!run.mayWrite) return skipped('PAUSED');
  const fetch = await newestChanges(run, table, route);
  if (fetch === null) return skipped('NO_ROWS');
  const { rows } = await run.client.query<DeltaRow>(fetch.text, fetch.values);
  const page: PageRow[] = rows.filter(({ kind }) => kind === 'upsert').map(({ values }) => values);
  if (page.length === 0) return skipped('NO_ROWS');
  const { profiling } = await run.connection();
  return profiling === undefined
    ? skipped('NOT_SUPPORTED')
    : profiling.probeApply(route.target, page, run.request.fireTriggers);
}

const MESSAGES: Readonly<Record<Exclude<SkipReason, 'TRIGGERS' | 'NOT_COPIED_YET'>, string>> = {
  NO_ROWS: 'The project has no row of this table that could be used.',
  PAUSED: 'The external database is paused, or the sync engine is switched off: nothing is run there.',
  NOT_SUPPORTED: 'This kind of external database measures nothing.',
};

function skipped(reason: keyof typeof MESSAGES): Probe {
  return { kind: 'skipped', reason, message: MESSAGES[reason] };
}
