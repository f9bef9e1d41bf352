import { KnownError } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import { boundedSignal, createProfiler, hexclaveCatalog, type Profiler, type ProfileWatch } from '@hexclave/sync';
import pLimit from 'p-limit';
import type { ConnectionCipher } from '../external-databases/connection-cipher.ts';
import { connector } from './destinations.ts';

/** Profiles at once in one process: they measure, so they should not disturb each other, nor those who work. */
const PROFILES_AT_ONCE = 2;

/** Every statement has bounds of its own, which come to far less; somebody waits for the answer. In ms. */
const PROFILE_TIMEOUT_MS = 240_000;

export type ProfilerDependencies = {
  /** The internal database. */
  readonly database: Database;
  readonly cipher: ConnectionCipher;
  readonly allowPrivateHosts: boolean;
  /** Aborts when the server stops. Default: it does not. */
  readonly stopping?: AbortSignal;
  /** Default 240,000 ms. */
  readonly timeoutMs?: number | undefined;
};

/**
 * Measures statements by the same means and under the same rules as the sync engine runs them. Rejects with
 * PROFILE_TIMED_OUT, with SERVICE_UNAVAILABLE when the server stops, and with the caller's reason when they hang up.
 */
export function createSyncProfiler({
  database,
  cipher,
  allowPrivateHosts,
  stopping = new AbortController().signal,
  timeoutMs = PROFILE_TIMEOUT_MS,
}: ProfilerDependencies): Profiler {
  const connect = connector(cipher, allowPrivateHosts);
  const profile = createProfiler({ db: database, catalog: hexclaveCatalog, connect });
  const limit = pLimit(PROFILES_AT_ONCE);
  return (request, watch) =>
    limit(async () => {
      const caller = boundedSignal(watch.signal, timeoutMs);
      const server = boundedSignal(stopping, timeoutMs);
      const signal = AbortSignal.any([caller.signal, server.signal]);
      let statementsDone = 0;
      const onStep: ProfileWatch['onStep'] = (step) => {
        statementsDone = step.done;
        watch.onStep?.(step);
      };
      try {
        return await profile(request, { signal, onStep });
      } catch (error) {
        if (stopping.aborted) throw new KnownError('SERVICE_UNAVAILABLE', {});
        if (!signal.aborted || watch.signal.aborted) throw error;
        const limits = { limit_seconds: timeoutMs / 1_000, statements_done: statementsDone };
        throw new KnownError('PROFILE_TIMED_OUT', limits);
      } finally {
        caller.release();
        server.release();
      }
    });
}
