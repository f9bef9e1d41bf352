import type { Database } from '@hexclave/db';
import type { Catalog } from '../declare/catalog.ts';
import { pruneOrigins } from '../origins/origins.ts';
import { endFutureTimes } from './clock-set-back.ts';
import { pruneTombstones } from './tombstones.ts';

/** Between two clean-ups of one process, in ms. */
export const RETENTION_EVERY_MS = 10 * 60_000;
/** A database that is away for longer is not shown in the trace of the write. */
const ORIGINS_KEPT_MS = 60 * 60_000;

/** Forgets what nobody needs any more, pauses that a wrong clock has made too long included. What fails is tried again the next time. */
export async function forgetOld(db: Database, catalog: Catalog, onError: (error: unknown) => void): Promise<void> {
  await endFutureTimes(db).catch(onError);
  await pruneTombstones(db, catalog).catch(onError);
  await pruneOrigins(db, ORIGINS_KEPT_MS).catch(onError);
}

/** The same for whoever is called often: does nothing unless it is time. */
export function forgetOldInTime(catalog: Catalog): (db: Database, onError: (error: unknown) => void) => Promise<void> {
  let doneAt = Number.NEGATIVE_INFINITY;
  return async (db, onError) => {
    if (performance.now() - doneAt < RETENTION_EVERY_MS) return;
    doneAt = performance.now();
    await forgetOld(db, catalog, onError);
  };
}
