import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { HttpEnvironment } from '../http/environment.ts';
import { TRANSPORT_SECURITY } from '../http/middleware.ts';

/**
 * What the dashboard's pages may do: run and show what this server has sent as files, and ask this server. Nothing from
 * elsewhere, nothing inline, and no text that becomes markup.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export const pagePolicy: MiddlewareHandler<HttpEnvironment>[] = [
  secureHeaders({
    strictTransportSecurity: TRANSPORT_SECURITY,
    crossOriginResourcePolicy: 'same-origin',
    crossOriginOpenerPolicy: 'same-origin',
    referrerPolicy: 'no-referrer',
    xFrameOptions: 'DENY',
    permissionsPolicy: { camera: [], microphone: [], geolocation: [], payment: [], usb: [] },
  }) as MiddlewareHandler<HttpEnvironment>,
  async (c, next) => {
    await next();
    // Answers of the API bring a stricter one.
    if (!c.res.headers.has('content-security-policy')) c.header('content-security-policy', POLICY);
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
  },
];
