import { KnownError } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import { boundedSignal, createProfiler, hexclaveCatalog, type Profiler } from '@hexclave/sync';
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
};

/** Measures statements by the same means and under the same rules as the sync engine runs them. */
export function createSyncProfiler({
  database,
  cipher,
  allowPrivateHosts,
  stopping = new AbortController().signal,
}: ProfilerDependencies): Profiler {
  const connect = connector(cipher, allowPrivateHosts);
  const profile = createProfiler({ db: database, catalog: hexclaveCatalog, connect });
  const limit = pLimit(PROFILES_AT_ONCE);
  return (request, watch) =>
    limit(async () => {
      const caller = boundedSignal(watch.signal, PROFILE_TIMEOUT_MS);
      const server = boundedSignal(stopping, PROFILE_TIMEOUT_MS);
      try {
        const signal = AbortSignal.any([caller.signal, server.signal]);
        return await profile(request, { ...watch, signal });
      } catch (error) {
        if (stopping.aborted) throw new KnownError('SERVICE_UNAVAILABLE', {});
        throw error;
      } finally {
        caller.release();
        server.release();
      }
    });
}
