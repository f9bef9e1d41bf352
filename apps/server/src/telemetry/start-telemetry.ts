import type { Database } from '@hexclave/db';
import type { Environment } from '@hexclave/env';
import { hexclaveCatalog } from '@hexclave/sync';
import type { Logger } from 'pino';
import { countPools } from './count.ts';
import { installationReader } from './installation.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createMetricsReader } from './metrics-reader.ts';
import { type HttpTelemetry, type SyncTelemetry, syncTelemetry } from './telemetry.ts';
import { traceRequests } from './tracing/requests.ts';
import type { Sdk } from './tracing/sdk.ts';
import { noteWrites } from './tracing/writes.ts';

/** Metrics and traces of one server process. */
export type Telemetry = {
  readonly sync: SyncTelemetry;
  readonly http: HttpTelemetry;
  /** The database as requests are to write to it. */
  database(database: Database): Database;
  /** Sends what is left of the traces. */
  stop(): Promise<void>;
};

type Settings = Pick<Environment, 'otlpEndpoint' | 'otlpHeaders' | 'serviceName' | 'traceRatio'>;

/** `metricsSecret` `undefined`: things are counted, but nobody is shown. */
export async function startTelemetry(
  settings: Settings,
  metricsSecret: string | undefined,
  database: Database,
  logger: Logger,
): Promise<Telemetry> {
  const metrics = createMetrics();
  const reader = createMetricsReader(metrics);
  reader.before(countPools(metrics, { api: database }));
  reader.installation(installationReader(metrics, database, hexclaveCatalog));
  const sdk = await startTracing(settings, metrics, logger);
  return {
    sync: syncTelemetry(metrics, reader, sdk),
    http: {
      ...(sdk !== undefined && { traceRequests: traceRequests(sdk) }),
      onRequest: (route = 'none', status, durationMs) =>
        metrics.httpSeconds.observe({ route, status: String(status) }, durationMs / 1_000),
      metrics: { secret: metricsSecret, read: reader.read },
    },
    database: (plain) => (sdk === undefined ? plain : noteWrites(plain, hexclaveCatalog)),
    stop: async () => {
      metrics.registry.clear();
      await sdk?.stop();
    },
  };
}

async function startTracing(settings: Settings, metrics: Metrics, logger: Logger): Promise<Sdk | undefined> {
  const { otlpEndpoint, otlpHeaders, serviceName, traceRatio } = settings;
  if (otlpEndpoint === undefined) return undefined;
  const { startSdk } = await import('./tracing/sdk.ts');
  return startSdk({
    endpoint: otlpEndpoint,
    headers: parseHeaders(otlpHeaders),
    serviceName,
    ratio: traceRatio,
    onLost: (spans, status) => {
      metrics.lostSpans.inc(spans);
      logger.warn({ spans, status }, 'traces could not be sent');
    },
  });
}

/** As OpenTelemetry writes them: `name=value,other=value`, percent-encoded. */
function parseHeaders(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((part) => {
    const at = part.indexOf('=');
    return at > 0 ? [[part.slice(0, at).trim(), decode(part.slice(at + 1).trim())]] : [];
  });
  return Object.fromEntries(pairs);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
