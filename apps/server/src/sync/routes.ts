import { type AnyRoute, syncRoutes as definitions, KnownError, type RouteInput, schemaError } from '@hexclave/contract';
import {
  type ClaimedRequest,
  type Deliver,
  forgetOldInTime,
  hexclaveCatalog,
  numberAll,
  type PipelineObserver,
  pollOnce,
  sampler,
  type Verifier,
} from '@hexclave/sync';
import { type Context, Hono } from 'hono';
import { clientAddress } from '../http/client-address.ts';
import type { HttpEnvironment } from '../http/environment.ts';
import { hangUpOf } from '../http/hang-up.ts';
import { createRateLimiter, type RateLimiter, type RateLimits } from '../http/rate-limits.ts';
import { readInput } from '../http/request-input.ts';
import { carriesSecret } from './bearer.ts';
import { authenticateSender, type EngineRequestServices, runEngineRequest } from './engine-requests.ts';

export type SyncRoutesDependencies = EngineRequestServices & {
  readonly deliver: Deliver;
  readonly verifier: Verifier;
  readonly cronSecret: string;
  readonly onError: (error: unknown, request?: ClaimedRequest) => void;
  readonly watching: { readonly observer?: PipelineObserver | undefined; readonly followOrigins?: boolean | undefined };
  /** Aborted when the server stops: runs then end between two batches. */
  readonly stopping: AbortSignal;
  /** Of requests with a wrong secret; `false` lifts the limit. */
  readonly rateLimits?: Partial<RateLimits> | false;
  readonly trustedProxies?: number;
  /** Refuses work on a schema that is too new: a process without loops has no heartbeat that would tell. */
  readonly look?: (() => Promise<void>) | undefined;
};

type RequestContext = Context<HttpEnvironment>;

/** The part of the path that these routes have in common. */
export const SYNC_ROUTES_PATH = '/internal/external-db-sync';

/** The routes that drive the pipeline, to be mounted at {@link SYNC_ROUTES_PATH} below the API's root. */
export function syncRoutes(dependencies: SyncRoutesDependencies): Hono<HttpEnvironment> {
  const { database, deliver, onError, stopping, watching, look } = dependencies;
  const app = new Hono<HttpEnvironment>();
  const limiter = createRateLimiter(dependencies.rateLimits);
  const bind = (route: AnyRoute, handle: (c: RequestContext) => Promise<object>) => {
    const path = route.path.slice(SYNC_ROUTES_PATH.length);
    const method = route.method.toUpperCase();
    app.on(method, path, async (c) => {
      c.get('facts').route = `${method} ${route.path}`;
      return c.json(await limitFailures(c, dependencies, limiter, () => handle(c)));
    });
    app.all(path, () => {
      throw new KnownError('METHOD_NOT_ALLOWED', { allowed_methods: [method] });
    });
  };

  const authorize = async (c: RequestContext) => {
    assertCron(c, dependencies.cronSecret);
    await look?.();
  };
  const sample = sampler(hexclaveCatalog);
  const forgetOld = forgetOldInTime(hexclaveCatalog);
  bind(definitions.runSequencer, async (c) => {
    await authorize(c);
    const { query } = await inputOf(c, definitions.runSequencer);
    const numbered = await numberAll(database, query.maxDurationMs, endOf(c, stopping), watching);
    // Where no process runs for long, nobody else takes the samples of the status, or clears away what is old.
    await sample(database).catch(onError);
    await forgetOld(database, onError);
    return { numbered: Number(numbered) };
  });
  bind(definitions.runPoller, async (c) => {
    await authorize(c);
    const { query } = await inputOf(c, definitions.runPoller);
    const options = { db: database, deliver, onError, observer: watching.observer };
    return { delivered: await pollOnce(options, query.maxDurationMs, endOf(c, stopping)) };
  });
  bind(definitions.runVerifier, async (c) => {
    await authorize(c);
    const { query } = await inputOf(c, definitions.runVerifier);
    return { turns: await verifyFor(dependencies.verifier, query.maxDurationMs, endOf(c, stopping)) };
  });
  bind(definitions.runSyncEngine, async (c) => {
    const sender = await authenticateSender(dependencies, await signedRequestOf(c));
    await look?.();
    const { body } = await inputOf(c, definitions.runSyncEngine);
    assertSameRequest(c, sender, body.requestId);
    c.get('facts').tenancy_id = body.tenancyId;
    if (body.externalDatabaseId != null) c.get('facts').external_database_id = body.externalDatabaseId;
    return runEngineRequest(dependencies, sender, body, endOf(c, stopping));
  });
  return app;
}

/** What somebody waits for comes first. */
async function verifyFor(verifier: Verifier, maxDurationMs: number, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + maxDurationMs;
  let turns = await verifier.workOff(maxDurationMs, signal);
  const left = () => deadline - performance.now();
  while (left() > 0 && !signal.aborted && (await verifier.lookAround(left(), signal))) turns++;
  return turns;
}

/** Guessing is slowed down, as with keys. */
async function limitFailures(
  c: RequestContext,
  { trustedProxies = 0 }: SyncRoutesDependencies,
  limiter: RateLimiter,
  handle: () => Promise<object>,
): Promise<object> {
  return handle().catch(async (error: unknown) => {
    const unauthorized = error instanceof KnownError && error.status === 401;
    if (unauthorized) await limiter.count('failedAuthentication', clientAddress(c, trustedProxies));
    throw error;
  });
}

function assertCron(c: RequestContext, secret: string): void {
  if (!carriesSecret(c.req.header('authorization'), secret)) throw new KnownError('INVALID_CRON_SECRET', {});
}

/** The signature covers the header; the body, which it covers as well, must mean the same request. */
function assertSameRequest(c: RequestContext, sender: 'poller' | 'qstash', requestId: string): void {
  if (sender === 'poller' && c.req.header('x-hexclave-request-id') !== requestId) {
    throw schemaError('body.requestId', 'differs from the header x-hexclave-request-id');
  }
}

async function signedRequestOf(c: RequestContext) {
  const { pathname, search } = new URL(c.req.url);
  return {
    method: c.req.method,
    path: pathname + search,
    body: await c.req.text(),
    header: (name: string) => c.req.header(name),
  };
}

async function inputOf<R extends AnyRoute>(c: RequestContext, route: R): Promise<RouteInput<R>> {
  // Checked with the route's own schemas, which is what the type says.
  return (await readInput(c, route)) as RouteInput<R>;
}

/** When the caller hangs up, or the server stops. */
function endOf(c: RequestContext, stopping: AbortSignal): AbortSignal {
  return AbortSignal.any([hangUpOf(c.req.raw), stopping]);
}
