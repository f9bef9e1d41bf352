import { setTimeout as delay } from 'node:timers/promises';
import { KnownError } from '@hexclave/contract';
import type { Database } from '@hexclave/db';

/** Whoever asks after a server's health has little patience. */
const DEADLINE_MS = 2_000;

/** Throws SERVICE_UNAVAILABLE unless the database answers soon. */
export async function assertHealthy(database: Database): Promise<void> {
  const timer = new AbortController();
  const late = delay(DEADLINE_MS, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new KnownError('SERVICE_UNAVAILABLE', {});
  });
  late.catch(() => undefined);
  try {
    await Promise.race([database.query('SELECT 1'), late]);
  } finally {
    timer.abort();
  }
}
