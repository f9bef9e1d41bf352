import type { Database } from '@hexclave/db';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Catalog } from '../declare/catalog.ts';
import { DestinationError } from '../destination-error.ts';
import { type Connect, connectionKeeper, type KeptConnection } from './connections.ts';
import type { ExternalDatabase } from './external-database.ts';
import { followOthers, type MappingRun, type RunContext } from './mapping-run.ts';
import { makeAskedForDue } from './parked-on-demand.ts';
import { noPrefetch, type Prefetch, readSituationAndChanges } from './prefetch.ts';
import { prepareRoutes } from './prepare.ts';
import { runMappings } from './run.ts';
import { mayContinue, type Situation } from './source.ts';
import {
  enqueueNextAttempt,
  enqueueRetry,
  saveFailure,
  saveMappingFailure,
  saveProgress,
  saveSuccess,
} from './state.ts';

export type EngineOptions = {
  readonly db: Database;
  readonly catalog: Catalog;
  readonly connect: Connect;
  /** Told of every failure that is kept in the state, for the log. */
  readonly onFailure?: (database: ExternalDatabase, mapping: string | null, error: DestinationError) => void;
};

/** What one outgoing request of kind `sync` asks for. */
export type SyncRequest = {
  readonly tenancyId: string;
  /** Only this one; otherwise all of the tenancy that are not waiting for their next attempt. */
  readonly externalDatabaseId?: string | null;
  /** When to stop between two batches even if there is more, in ms from now. */
  readonly maxDurationMs: number;
  readonly signal?: AbortSignal;
};

/** `finished: false`: there is more to do, ask again. Failures of targets are kept in their state and count as finished. */
export type SyncOutcome = { readonly finished: boolean };

export type Engine = {
  /** Brings a tenancy's external databases up to date. Throws only when the internal database fails. */
  sync(request: SyncRequest): Promise<SyncOutcome>;
  close(): Promise<void>;
};

/** How long what the fuse and the configuration say is believed, in ms. Bounds how long a stop takes. */
const CONTROL_MS = 1_000;
/** Reads in bulk at once: targets that are slow to take rows must not hold every connection to the internal database. */
const BULK_AT_ONCE = 4;
const PARKED_RETRY_MS = 60_000;
const SUCCESS_EVERY_MS = 60_000;
/** Between a link that broke while idle and the question whether the target still has everything. */
const AFTER_LOSS_MS = 500;

/** The sync engine; see docs/internals. */
export function createEngine(options: EngineOptions): Engine {
  const { db } = options;
  // A target that crashed may have lost what it had not yet written to disk: it is asked, even if nothing changes here.
  const askAgain = (database: ExternalDatabase) => {
    enqueueRetry(db, database, AFTER_LOSS_MS).catch(() => undefined);
  };
  const bulk = pLimit(BULK_AT_ONCE);
  const keeper = connectionKeeper(options.catalog, options.connect, askAgain);
  return {
    sync: async (request) => {
      const begun = performance.now();
      const idle = [...keeper.idleOf(request.tenancyId)].filter(([id]) => isMeant(request, id));
      const { situation, prefetched } = await readSituationAndChanges(db, request.tenancyId, new Map(idle));
      if (!situation.enabled) return { finished: false };
      const epoch = situation.epoch ?? (await beginFirstEpoch(db));
      const outcomes = await Promise.all(
        dueDatabases(situation, request).map((database) =>
          syncDatabase(
            {
              ...{ options, database, situation, epoch, begun, bulk },
              deadline: begun + request.maxDurationMs,
              signal: request.signal,
              isNamed: request.externalDatabaseId === database.id,
              prefetch: prefetched.get(database.id) ?? noPrefetch,
            },
            keeper.use,
          ),
        ),
      );
      await enqueueSkipped(db, situation, request);
      return { finished: outcomes.every((finished) => finished) };
    },
    close: () => keeper.closeAll(),
  };
}

/** Whether a request is about an external database: about that one, or about all of the tenancy. */
function isMeant({ externalDatabaseId }: SyncRequest, id: string): boolean {
  return externalDatabaseId == null || externalDatabaseId === id;
}

/**
 * A database that failed is tried by a request of its own, never along with the others of its tenancy: one that hangs would
 * keep them waiting until its time is up.
 */
function dueDatabases(situation: Situation, request: SyncRequest): ExternalDatabase[] {
  return situation.databases.filter(({ id, paused, failure }) => {
    if (paused || failure.waiting) return false;
    return request.externalDatabaseId == null ? failure.attempts === 0 : id === request.externalDatabaseId;
  });
}

/**
 * A request may come while some failures' back-off is still running, and may even be the one that was queued for another
 * failure: then their own attempt is queued again, or nobody would ever make it.
 */
async function enqueueSkipped(db: Database, { databases }: Situation, request: SyncRequest): Promise<void> {
  for (const database of databases) {
    const isOfAll = request.externalDatabaseId == null && database.failure.attempts > 0;
    const skipped =
      isOfAll || [database.failure, ...Object.values(database.mappingFailures)].some(({ waiting }) => waiting);
    if (isMeant(request, database.id) && !database.paused && skipped) await enqueueNextAttempt(db, database);
  }
}

/** Only before the very first pass of a sequencer. The lock is the sequencer's, a statement before, as there. */
async function beginFirstEpoch(db: Database): Promise<string> {
  await db.query('SELECT * FROM "backfill_null_sequence_ids"()');
  const [epoch] = await db.query<{ id: string }>('SELECT "id" FROM "SequenceEpoch" ORDER BY "ordinal" DESC LIMIT 1');
  if (epoch === undefined) throw new Error('The sequencer is switched off and has never run');
  return epoch.id;
}

type DatabaseRun = {
  readonly options: EngineOptions;
  readonly database: ExternalDatabase;
  readonly situation: Situation;
  readonly epoch: string;
  /** Before the situation was read, by `performance.now()`. */
  readonly begun: number;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly bulk: LimitFunction;
  readonly prefetch: Prefetch;
  /** The request is for this database alone. */
  readonly isNamed: boolean;
};

type UseConnection = ReturnType<typeof connectionKeeper>['use'];

/** Returns whether the database needs no further request. */
async function syncDatabase(run: DatabaseRun, use: UseConnection): Promise<boolean> {
  const { options, database, situation } = run;
  const siblings = situation.databases.map((other) => other.id).filter((id) => id !== database.id);
  const mayGoOn = controlled(run);
  try {
    return (await use(database, siblings, mayGoOn, (kept) => syncConnected(run, kept, mayGoOn))) ?? false;
  } catch (error) {
    if (!(error instanceof DestinationError)) throw error;
    options.onFailure?.(database, null, error);
    await saveFailure(options.db, database, error);
    return true;
  }
}

async function syncConnected(run: DatabaseRun, kept: KeptConnection, mayGoOn: Control): Promise<boolean> {
  const { options, database } = run;
  const context: RunContext = {
    db: options.db,
    bulk: run.bulk,
    prefetch: run.prefetch,
    tenancyId: database.tenancyId,
    connection: kept.connection,
    // The request that parked rows are tried again by names their database, and may be taken up by any process.
    lookForParked: run.isNamed,
    mayContinue: () => mayGoOn(() => tellProgress(run, kept)),
  };
  // Where the question may be whether the target still has what it had, neither memory nor what is written down is believed.
  if (run.isNamed) kept.runs.clear();
  for (const [name, mapping] of kept.runs) {
    Object.assign(mapping, { rowsApplied: 0, moved: false });
    followOthers(mapping, database.cursors.get(name));
  }
  const mappingFailures = await prepareMissing(run, kept);
  const runs = [...kept.runs.values()];
  try {
    if (run.isNamed) await makeAskedForDue(options.db, database, kept);
    const result = await runMappings(context, runs);
    for (const [mapping, failure] of result.failures) mappingFailures.set(mapping.route.target.mapping, failure);
    await saveResults(run, kept, mappingFailures);
    await noteSuccess(run, kept);
    return result.finished;
  } catch (error) {
    await saveResults(run, kept, mappingFailures);
    throw error;
  }
}

/**
 * Prepares the mappings that are not ready: new, failed before and due again, or of another epoch. Those that had drifted
 * are copied anew.
 */
async function prepareMissing(run: DatabaseRun, kept: KeptConnection): Promise<Map<string, DestinationError>> {
  const { options, database } = run;
  const failures = new Map<string, DestinationError>();
  const drifted = driftedMappings(database);
  for (const [name, ready] of kept.runs) {
    if (ready.position.epoch !== run.epoch || drifted.has(name)) kept.runs.delete(name);
  }
  const missing = kept.routes.filter(({ target }) => {
    return !kept.runs.has(target.mapping) && database.mappingFailures[target.mapping]?.waiting !== true;
  });
  if (missing.length === 0) return failures;
  const prepared = await prepareRoutes(options.db, kept.connection, database.tenancyId, missing, drifted);
  for (const [route, result] of prepared) {
    if ('run' in result) kept.runs.set(route.target.mapping, result.run);
    else if (result.failure instanceof DestinationError) failures.set(route.target.mapping, result.failure);
    else throw result.failure;
  }
  return failures;
}

/** A column that its owner has taken away, and has added again since, is empty, also in rows that do not change any more. */
function driftedMappings({ mappingFailures }: ExternalDatabase): Set<string> {
  return new Set(Object.keys(mappingFailures).filter((name) => mappingFailures[name]?.code === 'TARGET_DRIFT'));
}

async function saveResults(
  run: DatabaseRun,
  kept: KeptConnection,
  failures: Map<string, DestinationError>,
): Promise<void> {
  const { options, database } = run;
  const healthy: MappingRun[] = [];
  for (const [name, mapping] of kept.runs) {
    if (failures.has(name)) kept.runs.delete(name);
    else if (mapping.moved || database.mappingFailures[name] !== undefined) healthy.push(mapping);
  }
  await saveProgress(options.db, database, healthy);
  for (const [mapping, failure] of failures) {
    options.onFailure?.(database, mapping, failure);
    await saveMappingFailure(options.db, database, mapping, failure);
  }
  const parked = [...kept.runs.values()].some((mapping) => mapping.parked > 0);
  if (parked) await enqueueRetry(options.db, database, PARKED_RETRY_MS);
}

/** Writes that the database answers: when that is news, else once in {@link SUCCESS_EVERY_MS}. */
async function noteSuccess({ options, database }: DatabaseRun, kept: KeptConnection): Promise<void> {
  const now = performance.now();
  if (database.failure.attempts === 0 && now - kept.successSavedAt < SUCCESS_EVERY_MS) return;
  await saveSuccess(options.db, database);
  kept.successSavedAt = now;
}

/** Lets the state follow a run that takes long. What has failed before is only told well once the run has ended well. */
async function tellProgress({ options, database }: DatabaseRun, kept: KeptConnection): Promise<void> {
  const moved = [...kept.runs].flatMap(([name, mapping]) =>
    mapping.moved && database.mappingFailures[name] === undefined ? [mapping] : [],
  );
  const saved = saveProgress(options.db, database, moved);
  // What is applied while that is under way counts for the next time.
  for (const mapping of moved) Object.assign(mapping, { rowsApplied: 0, moved: false });
  await saved;
}

/** Whether a run may go on. `beforeAsking`: what else is to be done when that is asked of the database. */
type Control = (beforeAsking?: () => Promise<void>) => Promise<boolean>;

/**
 * Asks the database at most once in {@link CONTROL_MS}; true until something says stop. Counts from when the situation was
 * read, which is long ago for a run that has waited for its turn.
 */
function controlled({ options, database, begun, deadline, signal }: DatabaseRun): Control {
  let believedUntil = begun + CONTROL_MS;
  return async (beforeAsking) => {
    const now = performance.now();
    if (now > deadline || signal?.aborted === true) return false;
    if (now < believedUntil) return true;
    believedUntil = now + CONTROL_MS;
    await beforeAsking?.();
    return mayContinue(options.db, database);
  };
}
