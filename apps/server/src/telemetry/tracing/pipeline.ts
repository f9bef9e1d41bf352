import type { Database } from '@hexclave/db';
import {
  type Deliver,
  type DeliveryResult,
  type Engine,
  type HttpCaller,
  originsOf,
  type PipelineObserver,
  takeOrigins,
} from '@hexclave/sync';
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { BatchObserver, ObservedBatch } from '../observe-connect.ts';
import { contextAfter, currentTraceparent, type Tracing, wallClock } from './context.ts';
import { parseTraceparent, TRACEPARENT } from './traceparent.ts';

/** A span of the sequencer in the trace of every write that it has numbered. */
export function traceNumbering({ tracer }: Tracing): PipelineObserver {
  return {
    onPass: ({ origins, startedAt, durationMs, numbered }) => {
      for (const { tenancyId, traceparent } of origins) {
        const attributes = { 'hexclave.tenancy_id': tenancyId, 'hexclave.rows': Number(numbered) };
        const options = { startTime: wallClock(startedAt), attributes };
        tracer
          .startSpan('number', options, contextAfter(ROOT_CONTEXT, traceparent))
          .end(wallClock(startedAt + durationMs));
      }
    },
  };
}

/**
 * A span for every delivery. That of a sync is part of the trace of the write that has waited longest for it; other writes
 * that it delivers are linked.
 */
export function traceDeliver({ tracer }: Tracing, deliver: Deliver, db: Database): Deliver {
  return async (request, signal) => {
    // Without its traces a change is delivered all the same.
    const origins =
      request.tenancyId === null ? [] : await takeOrigins(db, request.tenancyId).catch((): string[] => []);
    const parent = contextAfter(ROOT_CONTEXT, origins[0]);
    const attributes: Attributes = {
      'hexclave.request_kind': request.kind,
      'hexclave.outgoing_request_id': request.id,
      'hexclave.attempts': request.attempts,
      ...(request.tenancyId !== null && { 'hexclave.tenancy_id': request.tenancyId }),
      ...(request.externalDatabaseId !== null && { 'hexclave.external_database_id': request.externalDatabaseId }),
    };
    const options = { kind: SpanKind.PRODUCER, attributes, links: origins.slice(1).flatMap(linkTo) };
    const span = tracer.startSpan('deliver', options, parent);
    try {
      const result = await context.with(trace.setSpan(parent, span), () => deliver(request, signal));
      describe(span, result);
      return result;
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };
}

function describe(span: Span, result: DeliveryResult): void {
  span.setAttribute('hexclave.result', result.kind);
  if (result.kind === 'failed') {
    span.setAttribute('error.type', result.code).setStatus({ code: SpanStatusCode.ERROR });
  }
}

/** Outgoing HTTP calls carry the trace on: to the sync engine of another server, or to whoever receives a request. */
export function traceCalls(caller: HttpCaller): HttpCaller {
  return {
    call: (call, signal) => {
      const traceparent = currentTraceparent();
      if (traceparent === undefined) return caller.call(call, signal);
      return caller.call({ ...call, headers: { [TRACEPARENT]: traceparent, ...call.headers } }, signal);
    },
    close: () => caller.close(),
  };
}

const BATCHES = createContextKey('hexclave: the batches of a run');

/** A span for every run of the engine, which links to the writes that it has applied, as they do to it. */
export function traceEngine(tracing: Tracing, engine: Engine, db: Database): Engine {
  const linking = new Set<Promise<void>>();
  return {
    sync: async (request) => {
      const before = context.active();
      const attributes = { 'hexclave.tenancy_id': request.tenancyId };
      const span = tracing.tracer.startSpan('sync', { kind: SpanKind.CONSUMER, attributes }, before);
      const batches: ObservedBatch[] = [];
      const inSpan = trace.setSpan(before, span).setValue(BATCHES, batches);
      try {
        return await context.with(inSpan, () => engine.sync(request));
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        const endTime = Date.now();
        // Looked up when everything has arrived: nothing waits for it.
        const ended = linkWrites(tracing, db, request.tenancyId, span, batches)
          .catch(() => undefined)
          .finally(() => span.end(endTime));
        linking.add(ended);
        void ended.finally(() => linking.delete(ended));
      }
    },
    close: async () => {
      await Promise.all(linking);
      await engine.close();
    },
  };
}

/** A span for every batch, in the run that it belongs to. */
export function traceBatches({ tracer }: Tracing): BatchObserver {
  return {
    onBatch: (batch) => {
      const run = context.active();
      (run.getValue(BATCHES) as ObservedBatch[] | undefined)?.push(batch);
      const { startedAt, durationMs, result } = batch;
      const options = { kind: SpanKind.CLIENT, startTime: wallClock(startedAt), attributes: attributesOf(batch) };
      const span = tracer.startSpan(`apply ${batch.mapping}`, options, run);
      if (result !== 'applied' && result !== 'fenced') {
        span.setAttribute('error.type', result).setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end(wallClock(startedAt + durationMs));
    },
  };
}

function attributesOf(batch: ObservedBatch): Attributes {
  return {
    'hexclave.tenancy_id': batch.tenancyId,
    'hexclave.external_database_id': batch.externalDatabaseId,
    'hexclave.mapping': batch.mapping,
    'hexclave.way': batch.way,
    'hexclave.result': batch.result,
    'hexclave.rows': batch.rows,
    'hexclave.parked': batch.parked,
    ...(batch.move !== null && {
      // As text: numbers of 64 bits.
      'hexclave.from': String(batch.move.from.cursor),
      'hexclave.through': String(batch.move.to.cursor),
    }),
  };
}

/**
 * Writes whose trace is another one than the run's: each gets a span that says when it arrived and links to the run, and the
 * run links to each.
 */
async function linkWrites({ tracer }: Tracing, db: Database, tenancyId: string, run: Span, batches: ObservedBatch[]) {
  const applied = batches.flatMap(({ move, result }) => {
    if (move === null || result !== 'applied' || move.to.cursor <= move.from.cursor) return [];
    return [{ after: move.from.cursor, through: move.to.cursor }];
  });
  if (applied.length === 0) return;
  const own = run.spanContext();
  const first = Math.min(...batches.map(({ startedAt }) => startedAt));
  const last = Math.max(...batches.map(({ startedAt, durationMs }) => startedAt + durationMs));
  for (const traceparent of await originsOf(db, tenancyId, applied)) {
    const [link] = linkTo(traceparent);
    if (link === undefined || link.context.traceId === own.traceId) continue;
    run.addLink(link);
    const options = {
      startTime: wallClock(first),
      attributes: { 'hexclave.tenancy_id': tenancyId },
      links: [{ context: own }],
    };
    tracer.startSpan('applied', options, writeOf(link)).end(wallClock(last));
  }
}

function writeOf(link: Link): Context {
  return trace.setSpanContext(ROOT_CONTEXT, link.context);
}

function linkTo(traceparent: string): Link[] {
  const parent = parseTraceparent(traceparent);
  return parent === undefined ? [] : [{ context: parent }];
}
