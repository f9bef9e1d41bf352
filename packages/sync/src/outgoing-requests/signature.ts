import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Headers of a signed request.
 * - signature: `v1=` and the HMAC-SHA-256, in hex, of six lines: `v1`, timestamp, request id, method, path with query,
 *   SHA-256 of the body in hex.
 * - timestamp: when it was signed, in whole seconds since 1970.
 * - request id: differs in every attempt; a receiver takes each one once.
 */
export const SIGNATURE_HEADERS = {
  signature: 'x-hexclave-signature',
  timestamp: 'x-hexclave-timestamp',
  requestId: 'x-hexclave-request-id',
} as const;

/** How far the clocks of sender and receiver may be apart. */
export const SIGNATURE_WINDOW_SECONDS = 300;

/** What a signature covers. */
export type SignedParts = {
  readonly timestamp: string;
  readonly requestId: string;
  readonly method: string;
  /** With the query, as sent. */
  readonly path: string;
  readonly body: string | Uint8Array;
};

/** Why a request is not believed. */
export type SignatureFault = 'missing' | 'malformed' | 'outside_time_window' | 'mismatch';

const VERSION = 'v1';

/** Each part has a form without line breaks, so that no two requests have one canonical form. */
const FORMS = {
  timestamp: /^\d{1,12}$/,
  requestId: /^[A-Za-z0-9._-]{1,200}$/,
  method: /^[A-Z]{1,20}$/,
  path: /^\/[^\s]*$/,
} as const;

export function canonicalForm(parts: SignedParts): string {
  const digest = createHash('sha256').update(parts.body).digest('hex');
  return [VERSION, parts.timestamp, parts.requestId, parts.method, parts.path, digest].join('\n');
}

/** The value of the signature header. Throws on parts that could not be told apart from others. */
export function sign(secret: string, parts: SignedParts): string {
  if (!isWellFormed(parts)) throw new Error('a request with line breaks in its parts cannot be signed');
  return `${VERSION}=${hmac(secret, parts).toString('hex')}`;
}

/** Checks a signature in constant time against every secret, so that one can be replaced while requests are under way. */
export function findSignatureFault(
  secrets: readonly string[],
  signature: string | undefined,
  parts: Partial<SignedParts>,
  nowSeconds: number,
): SignatureFault | undefined {
  const { timestamp, requestId, method, path, body } = parts;
  if (signature === undefined || timestamp === undefined || requestId === undefined) return 'missing';
  const complete = { timestamp, requestId, method: method ?? '', path: path ?? '', body: body ?? '' };
  const [, hex] = /^v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  if (hex === undefined || !isWellFormed(complete)) return 'malformed';
  const given = Buffer.from(hex, 'hex');
  const matches = secrets.filter((secret) => timingSafeEqual(given, hmac(secret, complete)));
  if (matches.length === 0) return 'mismatch';
  return Math.abs(nowSeconds - Number(timestamp)) > SIGNATURE_WINDOW_SECONDS ? 'outside_time_window' : undefined;
}

function hmac(secret: string, parts: SignedParts): Buffer {
  return createHmac('sha256', secret).update(canonicalForm(parts)).digest();
}

function isWellFormed(parts: SignedParts): boolean {
  return Object.entries(FORMS).every(([name, form]) => form.test(parts[name as keyof typeof FORMS]));
}
