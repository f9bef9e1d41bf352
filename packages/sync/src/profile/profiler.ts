import { randomUUID } from 'node:crypto';
import { PROFILED_STATEMENT_NAMES, PROFILED_STATEMENTS, type ProfiledStatement } from '@hexclave/config';
import type { Database } from '@hexclave/db';
import type { Catalog } from '../declare/catalog.ts';
import type { DestinationConnection } from '../destination.ts';
import type { Connect } from '../engine/connections.ts';
import { type ExternalDatabase, type Route, routesOf } from '../engine/external-database.ts';
import { readSituation } from '../engine/source.ts';
import { type Profiled, readEarlier, saveProfiles } from './history.ts';
import type { MeasuredSession } from './postgres/rolled-back.ts';
import { readServerFacts } from './postgres/server.ts';
import { PROBES, type Subject } from './probes.ts';
import { profileStatement, type StatementProfile } from './profile.ts';
import { DEFAULT_PATIENCE, type Patience } from './read-result.ts';
import { type SampledFrom, sampleOf } from './sample.ts';

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
  /** Runs statements also where triggers of the owner's would fire: what they do outside is not rolled back. */
  readonly fireTriggers: boolean;
};

/** All statements of one mapping, looked at together. */
export type MappingProfile = {
  readonly runId: string;
  readonly mapping: string;
  readonly at: Date;
  readonly statements: readonly StatementProfile[];
};

/** One statement has been looked at; `done` of `total`, in all mappings. */
export type ProfileStep = {
  readonly mapping: string;
  readonly profile: StatementProfile;
  readonly done: number;
  readonly total: number;
};

/** Who waits for a profile. */
export type ProfileWatch = {
  /** Ends the profile, with its statements cancelled in both databases. */
  readonly signal: AbortSignal;
  readonly onStep?: (step: ProfileStep) => void;
};

/** Profiles mappings, one after another. `null`: there is no such external database. */
export type Profiler = (request: ProfileRequest, watch: ProfileWatch) => Promise<MappingProfile[] | null>;

/** What one run works with. */
type Run = {
  readonly options: ProfilerOptions;
  readonly session: MeasuredSession;
  readonly request: ProfileRequest;
  readonly signal: AbortSignal;
  readonly mayWrite: boolean;
  connection(): Promise<DestinationConnection>;
  readonly onProfiled: (mapping: string, profile: StatementProfile) => void;
};

export function createProfiler(options: ProfilerOptions): Profiler {
  return async (request, watch) => {
    const { databases, enabled } = await readSituation(options.db, request.tenancyId);
    const database = databases.find(({ id }) => id === request.externalDatabaseId);
    if (database === undefined) return null;
    const siblingIds = databases.map(({ id }) => id).filter((id) => id !== database.id);
    const owner = { tenancyId: request.tenancyId, externalDatabaseId: database.id, siblingIds };
    let connecting: Promise<DestinationConnection> | undefined;
    const connection = () => {
      connecting ??= options.connect(database, owner);
      return orAborted(connecting, watch.signal);
    };
    const client = await options.db.pool.connect();
    try {
      const session = {
        ...{ client, server: await readServerFacts(client) },
        beside: (sql: string) => options.db.query(sql),
      };
      const routes = routesTo(database, options.catalog, request);
      const onProfiled = countSteps(routes.length * PROFILED_STATEMENT_NAMES.length, watch);
      const mayWrite = enabled && !database.paused;
      const { signal } = watch;
      return await profileMappings({ options, session, request, mayWrite, signal, connection, onProfiled }, routes);
    } finally {
      // A cancellation may still be on its way to it.
      client.release(watch.signal.aborted);
      const closed = connecting?.then(
        (opened) => opened.close(),
        () => undefined,
      );
      // One that is still being made is closed once it is there, and nobody waits for it.
      if (!watch.signal.aborted) await closed;
    }
  };
}

function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function routesTo(database: ExternalDatabase, catalog: Catalog, { mapping }: ProfileRequest): Route[] {
  return routesOf(catalog, database).filter(({ target }) => mapping === undefined || target.mapping === mapping);
}

function countSteps(total: number, { onStep }: ProfileWatch): Run['onProfiled'] {
  let done = 0;
  return (mapping, profile) => {
    done += 1;
    onStep?.({ mapping, profile, done, total });
  };
}

async function profileMappings(run: Run, routes: readonly Route[]): Promise<MappingProfile[] | null> {
  const profiles: MappingProfile[] = [];
  for (const route of routes) {
    const profile = await profileMapping(run, route);
    if (profile === null) return null;
    profiles.push(profile);
  }
  return profiles;
}

async function profileMapping(run: Run, route: Route): Promise<MappingProfile | null> {
  const { db } = run.options;
  const { mapping } = route.target;
  const of: Profiled = { ...run.request, mapping };
  const subject = subjectOf(run, route);
  const statements: StatementProfile[] = [];
  for (const statement of PROFILED_STATEMENT_NAMES) {
    run.signal.throwIfAborted();
    const profile = await profileOne(run, of, statement, subject);
    statements.push(profile);
    run.onProfiled(mapping, profile);
  }
  const runId = randomUUID();
  const at = await saveProfiles(db, of, runId, statements);
  return at === null ? null : { runId, mapping, at, statements };
}

function profileOne(run: Run, of: Profiled, statement: ProfiledStatement, subject: Subject): Promise<StatementProfile> {
  const { db, patience = DEFAULT_PATIENCE } = run.options;
  const { side } = PROFILED_STATEMENTS[statement];
  const probe = () => PROBES[statement](subject);
  return profileStatement({ statement, side }, probe, () => readEarlier(db, of, statement), patience, run.signal);
}

function subjectOf(run: Run, route: Route): Subject {
  const { options, session, request, signal, mayWrite, connection } = run;
  const table = options.catalog.tables.find(({ name }) => name === route.sourceTable);
  if (table === undefined) throw new Error(`${route.sourceTable} is not tracked`);
  const from: SampledFrom = { session, tenancyId: request.tenancyId, table, route, signal };
  return { from, sample: sampleOf(from), mayWrite, fireTriggers: request.fireTriggers, connection };
}
