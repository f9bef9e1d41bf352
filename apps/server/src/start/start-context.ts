import type { Environment } from '@hexclave/env';
import type { Logger } from 'pino';
import type { Closers } from './closers.ts';

/** What every step of a start works with. */
export type StartContext = {
  environment: Environment;
  logger: Logger;
  closers: Closers;
  /** Aborts when the process is asked to stop; a start under way then gives up. */
  signal: AbortSignal;
  migrationsDirectory: string | undefined;
  /** The folder of the dashboard's built pages, once they are there. `undefined`: no dashboard is served. */
  dashboardFiles: Promise<string> | undefined;
};
