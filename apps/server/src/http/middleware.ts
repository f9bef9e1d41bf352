import { randomUUID } from 'node:crypto';
import { headerNames, RESPONSE_HEADERS } from '@hexclave/contract';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import type { Logger } from 'pino';
import type { HttpTelemetry } from '../telemetry/telemetry.ts';
import type { HttpEnvironment } from './environment.ts';
import { overridesErrorStatus } from './errors.ts';

type Middleware = MiddlewareHandler<HttpEnvironment>;

const REQUEST_ID = /^[A-Za-z0-9_-]{8,128}$/;
const DATA_ONLY = "default-src 'none'; frame-ancestors 'none'";
const PREFLIGHT_SECONDS = 7_200;
const ROUTINE = new Set(['/health', '/metrics']);

/** Gives the request an id (or keeps that of a proxy) and logs one line about it: nothing secret, nothing personal. */
export function requestLog(logger: Logger, onRequest?: HttpTelemetry['onRequest']): Middleware {
  return async (c, next) => {
    const start = performance.now();
    const given = c.req.header('x-request-id') ?? '';
    const requestId = REQUEST_ID.test(given) ? given : randomUUID();
    c.set('requestId', requestId);
    c.set('facts', {});
    await next();
    for (const name of headerNames(RESPONSE_HEADERS.requestId)) c.header(name, requestId);
    const milliseconds = performance.now() - start;
    const { status } = c.res;
    const facts = c.get('facts');
    onRequest?.(facts.route, status, milliseconds);
    const line = {
      request_id: requestId,
      method: c.req.method,
      status,
      duration_ms: Math.round(milliseconds * 10) / 10,
    };
    // Asked every few seconds by machines: news only when the answer is no.
    const isRoutine = status < 400 && ROUTINE.has(c.req.path);
    logger[isRoutine ? 'debug' : 'info']({ ...line, ...facts }, 'request');
  };
}

/**
 * The published client wants errors as status 200, with the true one in a header, because some browsers and proxies
 * print or swallow failed requests.
 */
export const errorStatusOverride: Middleware = async (c, next) => {
  await next();
  const status = c.res.status;
  if (status < 400 || !overridesErrorStatus(c)) return;
  const headers = new Headers(c.res.headers);
  for (const name of headerNames(RESPONSE_HEADERS.actualStatus)) headers.set(name, String(status));
  c.res = new Response(c.res.body, { status: 200, headers });
};

/**
 * Browsers obey it only over TLS, for half a year. Not for subdomains: of those the operator may have others, which are plain
 * HTTP and none of our business.
 */
export const TRANSPORT_SECURITY = 'max-age=15552000';

/** Answers are data: never to be framed, sniffed, cached, or run. A page brings a policy of its own. */
export const securityHeaders: Middleware[] = [
  secureHeaders({
    strictTransportSecurity: TRANSPORT_SECURITY,
    crossOriginResourcePolicy: 'cross-origin',
    referrerPolicy: 'no-referrer',
    xFrameOptions: 'DENY',
  }) as Middleware,
  async (c, next) => {
    await next();
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
    if (!c.res.headers.has('content-security-policy')) c.header('content-security-policy', DATA_ONLY);
  },
];

/** Any site may call: a request is authenticated by its headers, never by cookies, so there is nothing to forge. */
export const crossOrigin = cors({
  origin: '*',
  allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'],
  exposeHeaders: [...Object.values(RESPONSE_HEADERS).flatMap(headerNames), 'retry-after'],
  maxAge: PREFLIGHT_SECONDS,
}) as Middleware;
