import { HexclaveError } from '@hexclave/errors';
import { givenInternalKeys, seedInternalKeys } from '../seed/internal-keys.ts';
import { seedInternalProject } from '../seed/seed.ts';
import { openDatabase } from './open-database.ts';
import { assertPortsListenable, portsOf } from './ports.ts';
import { givenSecrets } from './secrets.ts';
import { serve } from './serve.ts';
import type { StartContext } from './start-context.ts';
import { stepsOf } from './steps.ts';

/** Containers that are started together come up in any order. */
const DATABASE_PATIENCE_MS = 60_000;

/** Starts with the operator's own database and secrets. Tells the log, never keys. */
export async function startProduction(context: StartContext): Promise<void> {
  const { environment, logger } = context;
  const { databaseConnectionString } = environment;
  const secrets = givenSecrets(environment);
  // The catalogue requires them in production; this is for the compiler.
  if (secrets === undefined || databaseConnectionString === undefined) throw incomplete();
  const ports = portsOf(environment.portPrefix);
  await assertPortsListenable(environment.host, ports);
  const say = (line: string) => logger.info(line);
  const database = await openDatabase(context, databaseConnectionString, { patienceMs: DATABASE_PATIENCE_MS, say });
  if (stepsOf(environment).seed) {
    await seedInternalProject(database);
    await database.transaction((tx) => seedInternalKeys(tx, givenInternalKeys(environment)));
  }
  const { dashboard } = await serve(context, { database, secrets, host: environment.host, ports });
  logger.info({ host: environment.host, port: ports.api, dashboard: dashboard?.url }, 'ready');
}

function incomplete(): HexclaveError {
  return new HexclaveError({
    code: 'ENVIRONMENT_INVALID',
    message: 'In production, the database and the secrets must be given.',
    remedy: 'Set the variables that docs/reference/environment.md names as required.',
  });
}
