import type { Database } from '@hexclave/db';
import { createProfiler, hexclaveCatalog, type Profiler } from '@hexclave/sync';
import pLimit from 'p-limit';
import type { ConnectionCipher } from '../external-databases/connection-cipher.ts';
import { connector } from './destinations.ts';

/** Profiles at once in one process: they measure, so they should not disturb each other, nor those who work. */
const PROFILES_AT_ONCE = 2;

export type ProfilerDependencies = {
  /** The internal database. */
  readonly database: Database;
  readonly cipher: ConnectionCipher;
  readonly allowPrivateHosts: boolean;
};

/** Measures statements by the same means and under the same rules as the sync engine runs them. */
export function createSyncProfiler({ database, cipher, allowPrivateHosts }: ProfilerDependencies): Profiler {
  const connect = connector(cipher, allowPrivateHosts);
  const profile = createProfiler({ db: database, catalog: hexclaveCatalog, connect });
  const limit = pLimit(PROFILES_AT_ONCE);
  return (request, signal) => limit(() => profile(request, signal));
}
