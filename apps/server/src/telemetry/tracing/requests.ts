import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { MiddlewareHandler } from 'hono';
import type { HttpEnvironment } from '../../http/environment.ts';
import { contextAfter, type Tracing, type Writer, withWriter } from './context.ts';
import { TRACEPARENT } from './traceparent.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A span for every request, in the trace of the caller if it has one. */
export function traceRequests({ tracer }: Tracing): MiddlewareHandler<HttpEnvironment> {
  return async (c, next) => {
    const { method } = c.req;
    const caller = contextAfter(ROOT_CONTEXT, c.req.header(TRACEPARENT));
    const attributes = { 'http.request.method': method };
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, caller);
    const inSpan = trace.setSpan(caller, span);
    const writer: Writer = { tenancyId: () => c.get('facts')?.tenancy_id, noted: false };
    await context.with(READS.has(method) ? inSpan : withWriter(inSpan, writer), next);
    const { route, tenancy_id, error_code } = c.get('facts') ?? {};
    const { status } = c.res;
    // Method and template of the path: never the path, whose values are many and may be somebody's.
    if (route !== undefined) span.updateName(route).setAttribute('http.route', route.replace(/^\S+ /, ''));
    span.setAttributes({ 'http.response.status_code': status, 'hexclave.request_id': c.get('requestId') });
    if (tenancy_id !== undefined) span.setAttribute('hexclave.tenancy_id', tenancy_id);
    if (error_code !== undefined) span.setAttribute('error.type', error_code);
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
}
