import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createDatabase, createResident, type Resident } from '@hexclave/db';
import { isPublic } from '@hexclave/destination-postgres';
import {
  createEngine,
  createHttpCaller,
  createVerifier,
  type Deliver,
  type EngineOptions,
  hexclaveCatalog,
  type Pipeline,
  type ProcessInfo,
  qstashVerifier,
  startPipeline,
} from '@hexclave/sync';
import type { Hono } from 'hono';
import type { Logger } from 'pino';
import type { ConnectionCipher } from '../external-databases/connection-cipher.ts';
import type { HttpEnvironment } from '../http/environment.ts';
import { describeFailure } from '../http/errors.ts';
import type { SchemaWatch } from '../start/schema-watch.ts';
import { type SyncTelemetry, UNWATCHED } from '../telemetry/telemetry.ts';
import { VERSION } from '../version.ts';
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
  readonly telemetry?: SyncTelemetry;
  /** Called after every delivery of a sync from this process. */
  readonly onSynced?: () => void;
  readonly schemaWatch?: SchemaWatch;
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

export function createSync({ connectionString, cipher, logger, config, ...rest }: SyncDependencies): Sync {
  const { telemetry = UNWATCHED, onSynced = () => undefined, schemaWatch } = rest;
  const resident = createResident({ connectionString, applicationName: 'hexclave sync listener' });
  const { engineDb, queueDb } = openPools(connectionString, resident, logger);
  telemetry.pools({ engine: engineDb, queue: queueDb });
  const caller = telemetry.caller(createHttpCaller(config.allowPrivateHosts ? {} : { isAllowedAddress: isPublic }));
  const connect = connector(cipher, config.allowPrivateHosts);
  const onFailure: EngineOptions['onFailure'] = ({ tenancyId, id }, mapping, { code, sqlState }) => {
    telemetry.onFailure(code);
    const facts = { tenancy_id: tenancyId, external_database_id: id, mapping, code, sql_state: sqlState };
    logger.warn(facts, 'external database failed');
  };
  const engine = telemetry.engine(
    createEngine({ db: engineDb, catalog: hexclaveCatalog, connect: telemetry.connect(connect), onFailure }),
    engineDb,
  );
  const deliver = afterSync(telemetry.deliver(deliveryOf(config, engine, caller), queueDb), onSynced);
  const reportPart = (part: string, error: unknown, about?: About) => {
    telemetry.onError(part);
    schemaWatch?.failed(error);
    logger.error({ part, ...factsOf(about), failure: describeFailure(error) }, 'sync pipeline failed');
  };
  const verifier = createVerifier({
    db: engineDb,
    catalog: hexclaveCatalog,
    connect,
    onError: (error, about) => reportPart('verifier', error, about),
  });
  const { observer, followOrigins } = telemetry;
  const watching = { observer, followOrigins };
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
      onError: (error, request) => reportPart('poller', error, request),
      watching,
      trustedProxies: config.trustedProxies ?? 0,
      stopping: stopping.signal,
      look: schemaWatch?.look,
    }),
    start: () => {
      if (config.runLoops) {
        pipeline ??= startPipeline({
          ...{ db: queueDb, resident, catalog: hexclaveCatalog },
          deliver,
          verifier,
          process: thisProcess(),
          onBreakingMigrations: schemaWatch?.found,
          onError: reportPart,
          ...watching,
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

function afterSync(deliver: Deliver, onSynced: () => void): Deliver {
  return async (request, signal) => {
    const result = await deliver(request, signal);
    if (request.kind === 'sync') onSynced();
    return result;
  };
}

/** As it is listed among the servers. */
function thisProcess(): ProcessInfo {
  return { id: randomUUID(), host: hostname(), processId: process.pid, version: VERSION, startedAt: new Date() };
}

/** Two pools: engines that are busy reading must not keep the queue from being worked off. */
function openPools(connectionString: string, resident: Resident, logger: Logger) {
  const onError = (error: unknown) => logger.error({ failure: describeFailure(error) }, 'connection lost');
  const open = (applicationName: string, max: number) =>
    createDatabase({ connectionString, max, applicationName, resident, onError });
  return {
    engineDb: open('hexclave sync engine', ENGINE_CONNECTIONS),
    queueDb: open('hexclave sync', QUEUE_CONNECTIONS),
  };
}

/** What an error happened with, so that its line is found by it. */
type About = { readonly id?: string; readonly tenancyId: string | null; readonly externalDatabaseId: string | null };

function factsOf(about: About | undefined) {
  if (about === undefined) return {};
  const { id, tenancyId, externalDatabaseId } = about;
  return { outgoing_request_id: id, tenancy_id: tenancyId, external_database_id: externalDatabaseId };
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
