import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import { readBreaking } from '@hexclave/migrations';

/** Whoever asks after a server's health has little patience. */
const DEADLINE_MS = 2_000;

/**
 * Throws SERVICE_UNAVAILABLE unless the database answers soon. Returns which migrations it has that a server must know in
 * order to work on it.
 */
export async function assertHealthy(database: Database): Promise<string[]> {
  const timer = new AbortController();
  const late = delay(DEADLINE_MS, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new KnownError('SERVICE_UNAVAILABLE', {});
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([readBreaking(database), late]);
  } finally {
    timer.abort();
  }
}
