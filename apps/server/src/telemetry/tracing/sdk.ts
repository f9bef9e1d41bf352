import { context, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { VERSION } from '../../version.ts';

export type SdkOptions = {
  /** Of the receiver, without `/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Which part of the traces is kept, from 0 to 1. */
  readonly ratio: number;
  /** Spans that could not be sent, with the status that the receiver answered, if it did. */
  readonly onLost: (spans: number, status: number | undefined) => void;
};

export type Sdk = {
  readonly tracer: Tracer;
  /** Sends what is left, for a bounded time. */
  stop(): Promise<void>;
};

const SEND_TIMEOUT_MS = 5_000;
/** Soon enough for somebody who watches. */
const SEND_EVERY_MS = 1_000;
/** Of a batch with many writes. */
const MOST_LINKS = 256;

/**
 * Everything of OpenTelemetry that is more than an interface. Loaded only by servers that trace: among other things it makes
 * Node.js follow asynchronous calls, which all of them pay for.
 */
export function startSdk(options: SdkOptions): Sdk {
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint}/v1/traces`,
    headers: { ...options.headers },
    timeoutMillis: SEND_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.serviceName, 'service.version': VERSION }),
    sampler: samplerOf(options.ratio),
    spanLimits: { linkCountLimit: MOST_LINKS },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: telling(exporter, options.onLost),
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_TIMEOUT_MS,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return {
    tracer: provider.getTracer('hexclave', VERSION),
    stop: async () => {
      await provider.shutdown();
      context.disable();
    },
  };
}

/** A caller may say that a trace is not wanted, but not that more are kept than the ratio says. */
function samplerOf(ratio: number): ParentBasedSampler {
  const root = new TraceIdRatioBasedSampler(ratio);
  return new ParentBasedSampler({ root, remoteParentSampled: root, remoteParentNotSampled: new AlwaysOffSampler() });
}

/** By itself, the SDK tells nobody. */
function telling(exporter: SpanExporter, onLost: SdkOptions['onLost']): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined) onLost(spans.length, statusOf(result.error));
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}

function statusOf(error: Error & { code?: unknown }): number | undefined {
  return typeof error.code === 'number' ? error.code : undefined;
}
