import type { Database } from '@hexclave/db';
import type { Connect, Deliver, Engine, HttpCaller, PipelineObserver } from '@hexclave/sync';
import type { MiddlewareHandler } from 'hono';
import type { HttpEnvironment } from '../http/environment.ts';
import { countBatches, countDeliveries, countPipeline, countPools } from './count.ts';
import type { Metrics } from './metrics.ts';
import type { MetricsReader } from './metrics-reader.ts';
import type { MetricsRoute } from './metrics-route.ts';
import { type BatchObserver, observeConnect } from './observe-connect.ts';
import { observeDeliver } from './observe-deliver.ts';
import type { Tracing } from './tracing/context.ts';
import { traceBatches, traceCalls, traceDeliver, traceEngine, traceNumbering } from './tracing/pipeline.ts';

/** How the pipeline of a process is watched: it hands over what it is made of, and gets back the same, watched. */
export type SyncTelemetry = {
  readonly observer: PipelineObserver;
  readonly followOrigins: boolean;
  connect(connect: Connect): Connect;
  /** `db`: of the queue. */
  deliver(deliver: Deliver, db: Database): Deliver;
  engine(engine: Engine, db: Database): Engine;
  caller(caller: HttpCaller): HttpCaller;
  onFailure(code: string): void;
  onError(part: string): void;
  pools(pools: Readonly<Record<string, Database>>): void;
};

/** Nobody looks: everything is used as it is. */
export const UNWATCHED: SyncTelemetry = {
  observer: {},
  followOrigins: false,
  connect: (connect) => connect,
  deliver: (deliver) => deliver,
  engine: (engine) => engine,
  caller: (caller) => caller,
  onFailure: () => undefined,
  onError: () => undefined,
  pools: () => undefined,
};

/** How the HTTP interface of a process is watched. */
export type HttpTelemetry = {
  readonly traceRequests?: MiddlewareHandler<HttpEnvironment>;
  /** `route`: method and template; `undefined` for a request that met none. */
  readonly onRequest?: (route: string | undefined, status: number, durationMs: number) => void;
  readonly metrics?: MetricsRoute;
};

export function syncTelemetry(metrics: Metrics, reader: MetricsReader, tracing: Tracing | undefined): SyncTelemetry {
  const counting = countBatches(metrics);
  const tracingBatches = tracing && traceBatches(tracing);
  const batches: BatchObserver = {
    ...counting,
    onBatch: (batch) => {
      counting.onBatch(batch);
      tracingBatches?.onBatch(batch);
    },
  };
  const deliveries = countDeliveries(metrics);
  return {
    observer: both(countPipeline(metrics), tracing && traceNumbering(tracing)),
    followOrigins: tracing !== undefined,
    connect: (connect) => observeConnect(connect, batches),
    deliver: (deliver, db) => {
      const observed = observeDeliver(deliver, deliveries);
      return tracing === undefined ? observed : traceDeliver(tracing, observed, db);
    },
    engine: (engine, db) => (tracing === undefined ? engine : traceEngine(tracing, engine, db)),
    caller: (caller) => (tracing === undefined ? caller : traceCalls(caller)),
    onFailure: (code) => metrics.failures.inc({ code }),
    onError: (part) => metrics.pipelineErrors.inc({ part }),
    pools: (pools) => reader.before(countPools(metrics, pools)),
  };
}

function both(first: PipelineObserver, second: PipelineObserver | undefined): PipelineObserver {
  if (second === undefined) return first;
  return {
    onPass: (pass) => {
      first.onPass?.(pass);
      second.onPass?.(pass);
    },
    onWake: (part) => {
      first.onWake?.(part);
      second.onWake?.(part);
    },
    onLeaseExtended: (request) => {
      first.onLeaseExtended?.(request);
      second.onLeaseExtended?.(request);
    },
  };
}
