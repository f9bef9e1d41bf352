import { type Context, context, createContextKey, type Tracer, trace } from '@opentelemetry/api';
import { formatTraceparent, isSampled, parseTraceparent } from './traceparent.ts';

/** What a process that traces has. Absent in all others. */
export type Tracing = { readonly tracer: Tracer };

/** Runs `work` as what comes after a span in another process, or another transaction. */
export function contextAfter(base: Context, traceparent: string | undefined): Context {
  const parent = parseTraceparent(traceparent);
  return parent === undefined ? base : trace.setSpanContext(base, parent);
}

/** Of the span that is under way here; `undefined` if there is none, or it is not kept. */
export function currentTraceparent(): string | undefined {
  const current = trace.getActiveSpan()?.spanContext();
  return current === undefined || !isSampled(current) ? undefined : formatTraceparent(current);
}

/** A time by `performance.now()` as the SDK takes it. */
export function wallClock(performanceNow: number): number {
  return performance.timeOrigin + performanceNow;
}

/** A request that may write, and in whose name. */
export type Writer = { readonly tenancyId: () => string | undefined; noted: boolean };

const WRITER = createContextKey('hexclave: the writer');

export function withWriter(base: Context, writer: Writer): Context {
  return base.setValue(WRITER, writer);
}

export function currentWriter(): Writer | undefined {
  return context.active().getValue(WRITER) as Writer | undefined;
}
