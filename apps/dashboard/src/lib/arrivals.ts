import type { ProjectSyncStatus } from '@hexclave/contract';
import { useSyncExternalStore } from 'react';
import { freshnessAt } from './freshness.ts';
import { statusFeed } from './live-status.ts';

/** Something that was just saved here, and whose rows are awaited in the external databases. */
export type Write = {
  projectId: string;
  /** `Ada was created` */
  what: string;
  mapping: string;
  /** SQL that finds it in a copy, for the name of its table there. */
  find: ((table: string) => string) | undefined;
  /** By the server's clock, as far as that is known: never later than it was. */
  sentMillis: number;
  savedMillis: number;
};

type Database = ProjectSyncStatus['external_databases'][number];

/** `withinMs`: at most so long after it was saved. Undefined: it is there, or changes nothing there. */
export type Arrival = { state: 'awaited' } | { state: 'held-up' } | { state: 'arrived'; withinMs: number | undefined };

/** A write that changes no copied column is never written; after that time nothing is awaited any more. */
const NOTHING_TO_WRITE_MS = 2_000;

let latest: Write | undefined;
const listeners = new Set<() => void>();

function set(write: Write | undefined): void {
  latest = write;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The last thing that was saved in the project, from whichever page. */
export function useLatestWrite(projectId: string): Write | undefined {
  const write = useSyncExternalStore(subscribe, () => latest);
  return write?.projectId === projectId ? write : undefined;
}

export function forgetWrite(): void {
  set(undefined);
}

/** Saves something, and from then on follows it into the external databases. */
export async function saveAndFollow<Reply>(
  projectId: string,
  save: () => Promise<Reply>,
  about: (reply: Reply) => Pick<Write, 'what' | 'mapping' | 'find'>,
): Promise<Reply> {
  const feed = statusFeed('tenancy', projectId);
  const serverNow = () => Date.now() + feed.get().clockAheadMs;
  const sentMillis = serverNow();
  const reply = await save();
  set({ projectId, ...about(reply), sentMillis, savedMillis: serverNow() });
  return reply;
}

/** Whether a copy has what was saved, by the status at a moment of the server's clock. */
export function arrivalIn(write: Write, database: Database, atMillis: number): Arrival {
  const { throughMillis } = freshnessAt(database, atMillis);
  const mapping = database.mappings.find(({ mapping: name }) => name === write.mapping);
  const appliedMillis = mapping?.last_applied_at_millis ?? 0;
  const isPast = throughMillis !== null && throughMillis >= write.savedMillis;
  if (isPast && appliedMillis >= write.sentMillis) {
    return { state: 'arrived', withinMs: appliedMillis - write.sentMillis };
  }
  if (isPast && throughMillis >= write.savedMillis + NOTHING_TO_WRITE_MS)
    return { state: 'arrived', withinMs: undefined };
  const isHeldUp = database.state === 'paused' || database.state === 'failing';
  return { state: isHeldUp ? 'held-up' : 'awaited' };
}
