import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@hexclave/db';
import type { Catalog } from '../declare/catalog.ts';
import { type Activity, forgetProcess, type ProcessInfo, tellProcess } from './processes.ts';
import { sampler } from './sample.ts';

export type SamplerOptions = {
  readonly db: Database;
  readonly catalog: Catalog;
  readonly process: ProcessInfo;
  readonly activity: Activity;
  /** Told at every tick. */
  readonly onBreakingMigrations?: (names: readonly string[]) => unknown;
  readonly onError: (error: unknown) => void;
};

/** Half of what is between two samples: whoever takes them may end at any time. */
const TICK_MS = 5_000;

/** Tells of this process, and takes samples in turns with others, for as long as it lives. */
export async function runSampler({ db, catalog, onError, ...own }: SamplerOptions, signal: AbortSignal): Promise<void> {
  const sample = sampler(catalog);
  while (!signal.aborted) {
    await tellProcess(db, own.process, own.activity).then(own.onBreakingMigrations).catch(onError);
    await sample(db).catch(onError);
    await delay(TICK_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
  await forgetProcess(db, own.process.id).catch(onError);
}
