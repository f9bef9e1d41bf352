import type { Database } from '@hexclave/db';
import type { Catalog } from '../declare/catalog.ts';
import type { DestinationVerification } from '../destination.ts';
import { DestinationError } from '../destination-error.ts';
import type { Connect } from '../engine/connections.ts';
import { type ExternalDatabase, routesOf } from '../engine/external-database.ts';
import { readSituation } from '../engine/source.ts';
import { enqueueRetry } from '../engine/state.ts';
import type { Subject } from './judge.ts';
import type { Step } from './pass.ts';
import type { StepLimits } from './turn-watch.ts';

export type VerifierOptions = {
  readonly db: Database;
  readonly catalog: Catalog;
  readonly connect: Connect;
  readonly stepLimits?: StepLimits;
  /** `about`: what was being compared, if it came to that. */
  readonly onError: (error: unknown, about?: DatabaseKey) => void;
};

/** An external database that is connected to be verified. */
export type Opened = {
  readonly database: ExternalDatabase;
  readonly subjects: readonly Subject[];
  readonly verification: DestinationVerification;
};

export type DatabaseKey = { readonly tenancyId: string; readonly externalDatabaseId: string };

/**
 * Connects to an external database, apart from the connections of the engine, which must not wait for a comparison. Returns
 * `null` without calling `work` if there is no such database, or the engine is switched off. On abort the connection is cut:
 * whatever is under way can be done again.
 */
export async function withOpened<T>(
  { db, catalog, connect }: VerifierOptions,
  key: DatabaseKey,
  signal: AbortSignal,
  work: (opened: Opened) => Promise<T>,
): Promise<T | null> {
  const { databases, enabled } = await readSituation(db, key.tenancyId);
  const database = databases.find(({ id }) => id === key.externalDatabaseId);
  if (database === undefined || !enabled) return null;
  const siblingIds = databases.map(({ id }) => id).filter((id) => id !== database.id);
  const connection = await connect(database, { ...key, siblingIds });
  const cut = () => void connection.close();
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    if (connection.verification === undefined) {
      throw new DestinationError('TARGET_TYPE_UNKNOWN', { detail: 'a copy of this type cannot be compared' });
    }
    const subjects = subjectsOf(db, catalog, database);
    return await work({ database, subjects, verification: connection.verification });
  } finally {
    signal.removeEventListener('abort', cut);
    await connection.close();
  }
}

function subjectsOf(db: Database, catalog: Catalog, database: ExternalDatabase): Subject[] {
  return routesOf(catalog, database).flatMap(({ target }) => {
    const mapping = catalog.mappings.find(({ name }) => name === target.mapping);
    return mapping === undefined ? [] : [{ db, tenancyId: database.tenancyId, mapping, target }];
  });
}

/** The time by the only clock that all servers share. */
export async function timeOf(db: Database): Promise<string> {
  const [row] = await db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  if (row === undefined) throw new Error('The database does not know the time');
  return row.now.toISOString();
}

/** When a row that a repair has parked is due to be tried again, in ms. */
const PARKED_RETRY_MS = 60_000;

/**
 * The engine, which tries parked rows again, does not know of those that a repair has parked; nor, as long as nothing is
 * written, of a target that was set back. A request of the database's own has it ask the target where it is.
 */
export async function tellEngine(db: Database, database: ExternalDatabase, step: Step): Promise<void> {
  if (step.needsSync) await enqueueRetry(db, database, 0);
  else if (step.differences.some(({ outcome }) => outcome === 'parked'))
    await enqueueRetry(db, database, PARKED_RETRY_MS);
}
