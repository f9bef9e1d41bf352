import type { Environment } from '@hexclave/env';
import type { HexclaveError } from '@hexclave/errors';
import type { Logger } from 'pino';
import type { Closers } from './closers.ts';

/** What every step of a start works with. */
export type StartContext = {
  environment: Environment;
  logger: Logger;
  closers: Closers;
  /** Aborts when the process is asked to stop; a start under way then gives up. */
  signal: AbortSignal;
  /** Stops in order, as when asked to, but for a reason that the log and the exit code tell. */
  stopFor: (reason: HexclaveError) => void;
  migrationsDirectory: string | undefined;
  /** The folder of the dashboard's built pages, once they are there. `undefined`: no dashboard is served. */
  dashboardFiles: Promise<string> | undefined;
};
