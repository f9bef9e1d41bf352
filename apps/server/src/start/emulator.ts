import { HexclaveError } from '@hexclave/errors';
import { givenInternalKeys, SEED_VARIABLES, seedInternalKeys } from '../seed/internal-keys.ts';
import { seedInternalProject } from '../seed/seed.ts';
import type { KeyKind } from '../services/keys.ts';
import { prepareDataDirectory } from './data-directory.ts';
import { openOwnOrEmbedded } from './own-or-embedded.ts';
import { assertPortsListenable, portsOf } from './ports.ts';
import { developmentSecrets } from './secrets.ts';
import { serve } from './serve.ts';
import type { StartContext } from './start-context.ts';
import { stepsOf } from './steps.ts';

/**
 * Starts a local emulator: as in development, but the internal project has the keys that are given, nothing else is
 * made up, and the log, which is a file here, is told no key.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID in production, and without the three seed keys
 */
export async function startEmulator(context: StartContext): Promise<void> {
  const { environment, logger } = context;
  assertMeant(context);
  const ports = portsOf(environment.portPrefix);
  await assertPortsListenable(environment.host, ports);
  await prepareDataDirectory(environment.dataDirectory);
  const secrets = await developmentSecrets(environment);
  const { database } = await openOwnOrEmbedded(context, ports, (line) => logger.info(line));
  if (stepsOf(environment).seed) {
    await seedInternalProject(database);
    await database.transaction((tx) => seedInternalKeys(tx, givenInternalKeys(environment)));
  }
  const { dashboard } = await serve(context, { database, secrets, host: environment.host, ports });
  logger.info({ host: environment.host, port: ports.api, dashboard: dashboard?.url }, 'ready');
}

function assertMeant({ environment }: StartContext): void {
  if (environment.nodeEnv === 'production') {
    throw refused(
      'NEXT_PUBLIC_HEXCLAVE_IS_LOCAL_EMULATOR is true, and NODE_ENV is production.',
      'A local emulator is for one developer: unset one of the two.',
    );
  }
  const keys = givenInternalKeys(environment);
  const missing = (Object.keys(SEED_VARIABLES) as KeyKind[]).filter((kind) => keys[kind] === undefined);
  if (missing.length === 0) return;
  throw refused(
    `A local emulator has to be given its keys; ${missing.map((kind) => SEED_VARIABLES[kind]).join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set.`,
    'Set each to 64 random hexadecimal digits. `hexclave emulator start` and docker/local-emulator/rotate-secrets.sh do so by themselves.',
  );
}

function refused(message: string, remedy: string): HexclaveError {
  return new HexclaveError({ code: 'ENVIRONMENT_INVALID', message, remedy });
}
