import { createDatabase, createResident } from '@hexclave/db';
import { isPublic } from '@hexclave/destination-postgres';
import {
  createEngine,
  createHttpCaller,
  createVerifier,
  hexclaveCatalog,
  type Pipeline,
  qstashVerifier,
  startPipeline,
} from '@hexclave/sync';
import type { Hono } from 'hono';
import type { Logger } from 'pino';
import type { ConnectionCipher } from '../external-databases/connection-cipher.ts';
import type { HttpEnvironment } from '../http/environment.ts';
import { describeFailure } from '../http/errors.ts';
import type { SyncConfig } from './config.ts';
import { deliveryOf } from './delivery.ts';
import { connector } from './destinations.ts';
import { syncRoutes } from './routes.ts';

export type SyncDependencies = {
  /** Of the internal database. The pipeline has connections of its own, so that it and the API cannot starve each other. */
  readonly connectionString: string;
  readonly cipher: ConnectionCipher;
  readonly logger: Logger;
  readonly config: SyncConfig;
};

/** The sync pipeline of one server process. */
export type Sync = {
  /** To be mounted at SYNC_ROUTES_PATH below the API's root. */
  readonly routes: Hono<HttpEnvironment>;
  /** Begins to work, unless other means drive the pipeline. */
  start(): void;
  /** Finishes what is under way, for at most {@link STOP_WITHIN_MS}. What is not finished then, another process takes up. */
  stop(): Promise<void>;
};

const ENGINE_CONNECTIONS = 14;
const QUEUE_CONNECTIONS = 6;

/** How long a stop waits for what is under way, in ms. */
export const STOP_WITHIN_MS = 20_000;
/** And then for connections to close. */
const CLOSE_WITHIN_MS = 2_000;

export function createSync({ connectionString, cipher, logger, config }: SyncDependencies): Sync {
  const onError = (error: unknown) => logger.error({ failure: describeFailure(error) }, 'connection lost');
  const resident = createResident({ connectionString, applicationName: 'hexclave sync listener' });
  // Two pools: engines that are busy reading must not keep the queue from being worked off.
  const engineDb = createDatabase({
    connectionString,
    max: ENGINE_CONNECTIONS,
    applicationName: 'hexclave sync engine',
    resident,
    onError,
  });
  const queueDb = createDatabase({
    connectionString,
    max: QUEUE_CONNECTIONS,
    applicationName: 'hexclave sync',
    resident,
    onError,
  });
  const caller = createHttpCaller(config.allowPrivateHosts ? {} : { isAllowedAddress: isPublic });
  const connect = connector(cipher, config.allowPrivateHosts);
  const engine = createEngine({
    db: engineDb,
    catalog: hexclaveCatalog,
    connect,
    onFailure: ({ tenancyId, id }, mapping, { code, sqlState }) =>
      logger.warn({ tenancyId, externalDatabaseId: id, mapping, code, sqlState }, 'external database failed'),
  });
  const deliver = deliveryOf(config, engine, caller);
  const reportPart = (part: string, error: unknown) =>
    logger.error({ part, failure: describeFailure(error) }, 'sync pipeline failed');
  const verifier = createVerifier({
    db: engineDb,
    catalog: hexclaveCatalog,
    connect,
    onError: (error) => reportPart('verifier', error),
  });
  const stopping = new AbortController();
  let pipeline: Pipeline | undefined;

  return {
    routes: syncRoutes({
      database: queueDb,
      engine,
      deliver,
      verifier,
      cronSecret: config.cronSecret,
      signingSecrets: [config.signingSecret, ...(config.previousSigningSecrets ?? [])],
      verifyQstash: config.qstash && qstashVerifier({ ...config.qstash, url: config.qstash.syncEngineUrl }),
      onError: (error) => reportPart('poller', error),
      trustedProxies: config.trustedProxies ?? 0,
      stopping: stopping.signal,
    }),
    start: () => {
      if (config.runLoops) {
        pipeline ??= startPipeline({
          ...{ db: queueDb, resident, catalog: hexclaveCatalog },
          deliver,
          verifier,
          onError: reportPart,
        });
      }
    },
    stop: async () => {
      stopping.abort();
      const finished = await within(STOP_WITHIN_MS, pipeline?.stop());
      if (!finished) logger.warn('stopped before everything under way was finished');
      await within(CLOSE_WITHIN_MS, Promise.all([engine.close(), caller.close(), engineDb.end(), queueDb.end()]));
    },
  };
}

/** Waits, but not for longer. Returns whether the work has ended. */
async function within(milliseconds: number, work: Promise<unknown> | undefined): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const done = Promise.resolve(work).then(
    () => true,
    () => true,
  );
  const finished = await Promise.race([done, timeUp]);
  clearTimeout(timer);
  return finished;
}
