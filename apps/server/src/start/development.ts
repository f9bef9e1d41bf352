import { resolve } from 'node:path';
import type { Cluster } from '@hexclave/embedded-postgres';
import type { SessionOwner } from '../dashboard/sessions.ts';
import { createDemoApi } from '../demo/demo-api.ts';
import { type DemoDatabase, ensureDemoDatabase } from '../demo/demo-database.ts';
import { measureSync } from '../demo/measure.ts';
import { registerDemoDatabase } from '../demo/register.ts';
import { describeFailure } from '../http/errors.ts';
import { givenInternalKeys, seedInternalKeys } from '../seed/internal-keys.ts';
import { loadDevelopmentKeys, type ProjectKeys, type SeededKeys } from '../seed/key-file.ts';
import { seedDevelopment } from '../seed/seed.ts';
import { hashKey } from '../services/keys.ts';
import { VERSION } from '../version.ts';
import { type Announcement, announce } from './announce.ts';
import { prepareDataDirectory } from './data-directory.ts';
import { openOwnOrEmbedded } from './own-or-embedded.ts';
import { assertPortsListenable, portsOf } from './ports.ts';
import { type DevelopmentSecrets, developmentSecrets } from './secrets.ts';
import { serve } from './serve.ts';
import type { StartContext } from './start-context.ts';
import { stepsOf } from './steps.ts';

const say = (line: string) => console.log(line);

/** Starts with whatever is missing made up: PostgreSQL, secrets, keys, a demo project with an external database. */
export async function startDevelopment(context: StartContext): Promise<void> {
  const { logger } = context;
  const { level } = logger;
  // Our own first requests are no news, and would stand between the lines that follow.
  if (level === 'info') logger.level = 'warn';
  say(`\n${announce(await prepare(context))}\n`);
  logger.level = level;
}

async function prepare(context: StartContext): Promise<Announcement> {
  const { environment } = context;
  const ports = portsOf(environment.portPrefix);
  await assertPortsListenable(environment.host, ports);
  await prepareDataDirectory(environment.dataDirectory);
  const secrets = await developmentSecrets(environment);
  const keys = await loadDevelopmentKeys(environment.dataDirectory);
  const { database, cluster } = await openOwnOrEmbedded(context, ports, say);
  if (stepsOf(environment).seed) {
    await seedDevelopment(database, keys);
    await database.transaction((tx) => seedInternalKeys(tx, givenInternalKeys(environment)));
  }
  const { url, dashboard } = await serve(context, { database, secrets, host: environment.host, ports });
  const demo = cluster && (await demonstrate(context, cluster, url, keys, secrets));
  return {
    version: VERSION,
    startedInMs: performance.now(),
    url: environment.apiUrl ?? `http://localhost:${ports.api}`,
    keys,
    metricsSecret: secrets.metricsSecret,
    ...(dashboard && { signInLink: dashboard.signInLink(ownerOf(keys.internal)) }),
    ...(demo && { demo }),
    places: placesOf(resolve(environment.dataDirectory), cluster),
  };
}

function ownerOf({ projectId, keySetId, superSecretAdminKey }: ProjectKeys): SessionOwner {
  return { projectId, keySetId, keyHash: hashKey(superSecretAdminKey) };
}

/** As root, below a folder that is closed to others, the cluster's data lies elsewhere. */
function placesOf(directory: string, cluster: Cluster | undefined): string[] {
  return cluster === undefined || cluster.dataDir.startsWith(directory) ? [directory] : [directory, cluster.dataDir];
}

/** The demo shows what the server does; it is no reason not to start. `undefined`: it could not be set up. */
async function demonstrate(
  { logger, signal }: StartContext,
  cluster: Cluster,
  url: string,
  keys: SeededKeys,
  secrets: DevelopmentSecrets,
): Promise<(DemoDatabase & { syncMs: number | undefined }) | undefined> {
  try {
    const demo = await ensureDemoDatabase(cluster, secrets.demoDatabasePassword);
    const api = createDemoApi(`${url}/api/v1`, keys.demo);
    if (!(await registerDemoDatabase(api, demo))) return undefined;
    return { ...demo, syncMs: await measureSync(api, demo, signal) };
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ failure: describeFailure(error) }, 'the demo external database could not be set up');
    return undefined;
  }
}
