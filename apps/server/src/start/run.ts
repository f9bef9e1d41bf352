import { CATALOGUE, type Environment, forgetDriverDefaults, type LoadOptions, loadEnvironment } from '@hexclave/env';
import { describeError, HexclaveError } from '@hexclave/errors';
import type { Logger } from 'pino';
import { describeFailure } from '../http/errors.ts';
import { givenInternalKeys } from '../seed/internal-keys.ts';
import { createClosers } from './closers.ts';
import { startDevelopment } from './development.ts';
import { startEmulator } from './emulator.ts';
import { createLogger } from './logger.ts';
import { startProduction } from './production.ts';
import type { StartContext } from './start-context.ts';
import { stepsOf } from './steps.ts';
import { aborted, watchForStop } from './stop-signals.ts';

export type RunOptions = {
  /** What NODE_ENV is unless it is set. Default: `development`. */
  defaultMode?: LoadOptions['defaultMode'];
  /** Where the .sql files of the migrations lie. Default: in their package. */
  migrationsDirectory?: string;
  /** The folder of the dashboard's built pages, once they are there. Default: no dashboard is served. */
  dashboardFiles?: Promise<string>;
};

/**
 * Runs a server until the process is asked to stop, then ends the process: with 0, or with 1 if it could not start or
 * cannot go on.
 */
export async function run(options: RunOptions = {}): Promise<never> {
  forgetDriverDefaults();
  const closers = createClosers();
  const { signal, stop } = watchForStop(() => console.error('Stopping …'));
  let logger: Logger | undefined;
  const stopFor = ({ code, message, remedy }: HexclaveError) => {
    process.exitCode = 1;
    logger?.fatal({ code, remedy }, message);
    stop();
  };
  try {
    const environment = loadEnvironment(CATALOGUE, { defaultMode: options.defaultMode });
    logger = await createLogger(environment);
    const { migrationsDirectory } = options;
    const dashboardFiles = placedFiles(environment) ?? options.dashboardFiles;
    await start({ environment, logger, closers, signal, stopFor, migrationsDirectory, dashboardFiles });
    await aborted(signal);
  } catch (error) {
    if (!signal.aborted) report(error, logger);
  }
  await closers.closeAll((error) => logger?.error({ failure: describeFailure(error) }, 'closing failed'));
  process.exit();
}

/** In a container: a copy of the pages, with the values of this environment in them. */
function placedFiles({ dashboardFiles }: Environment): Promise<string> | undefined {
  return dashboardFiles === undefined ? undefined : Promise.resolve(dashboardFiles);
}

async function start(context: StartContext): Promise<void> {
  const { environment, logger } = context;
  watchForBugs(logger);
  givenInternalKeys(environment);
  stepsOf(environment);
  if (environment.isLocalEmulator) return startEmulator(context);
  return environment.nodeEnv === 'production' ? startProduction(context) : startDevelopment(context);
}

/** After an error that nobody caught nothing is certain any more: a supervisor starts us anew. */
function watchForBugs(logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ failure: describeFailure(error) }, 'unexpected error');
    process.exit(1);
  });
}

function report(error: unknown, logger: Logger | undefined): void {
  process.exitCode = 1;
  console.error(`\nHexclave could not start.\n${describeError(error)}`);
  if (!(error instanceof HexclaveError)) logger?.debug({ failure: describeFailure(error) }, 'not started');
}
