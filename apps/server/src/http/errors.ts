import {
  headerNames,
  KNOWN_ERRORS,
  KnownError,
  REQUEST_HEADERS,
  RESPONSE_HEADERS,
  schemaError,
} from '@hexclave/contract';
import { CommitUnknownError, errorCode, retryability } from '@hexclave/db';
import { HexclaveError } from '@hexclave/errors';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from 'pino';
import type { HttpEnvironment } from './environment.ts';

type RequestContext = Context<HttpEnvironment>;

/** SQLSTATEs of values that the schemas let through but PostgreSQL cannot store: a net below the net. */
const UNSTORABLE = new Set(['22P05', '22021', '22P02', '22001', '22003', '22007', '22008']);

/** Whether the caller is the published client, which asks for errors with status 200 and the true status in a header. */
export function overridesErrorStatus(c: RequestContext): boolean {
  const sent = headerNames(REQUEST_HEADERS.overrideErrorStatus).flatMap((name) => c.req.header(name) || []);
  return sent.length > 0 && sent.every((value) => value === 'true');
}

/** The answer to a request that failed, whatever with. */
export function answerError(c: RequestContext, error: unknown, logger: Logger): Response {
  return respond(c, noteError(c, error, logger));
}

/** The error as it may be shown. It is in the log then, with what may not. */
export function noteError(c: RequestContext, error: unknown, logger: Logger): KnownError {
  const known = toKnownError(error, c.get('requestId'));
  c.get('facts').error_code = known.code;
  if (known.status >= 500 && !isOfCaller(c, error)) {
    const facts = { request_id: c.get('requestId'), ...c.get('facts') };
    logger.error({ ...facts, failure: describeFailure(error) }, 'request failed');
  }
  return known;
}

/** Work was broken off because its caller has hung up: nobody is answered, and nothing has failed. */
function isOfCaller(c: RequestContext, error: unknown): boolean {
  return c.req.raw.signal.aborted && error instanceof DOMException && error.name === 'AbortError';
}

function respond(c: RequestContext, error: KnownError): Response {
  const announced = KNOWN_ERRORS[error.code].knownToClient || !overridesErrorStatus(c);
  if (announced) for (const name of headerNames(RESPONSE_HEADERS.knownError)) c.header(name, error.code);
  if (isCode(error, 'RATE_LIMITED')) c.header('retry-after', String(error.details.retry_after_seconds));
  if (isCode(error, 'SERVICE_UNAVAILABLE')) c.header('retry-after', '1');
  if (isCode(error, 'METHOD_NOT_ALLOWED')) c.header('allow', error.details.allowed_methods.join(', '));
  return c.json(error.toJson(), error.status as ContentfulStatusCode);
}

function isCode<Code extends KnownError['code']>(error: KnownError, code: Code): error is KnownError<Code> {
  return error.code === code;
}

function toKnownError(error: unknown, requestId: string): KnownError {
  if (error instanceof KnownError) return error;
  if (error instanceof CommitUnknownError) return new KnownError('INTERNAL_ERROR', { request_id: requestId });
  if (retryability(error) === 'connection') return new KnownError('SERVICE_UNAVAILABLE', {});
  if (UNSTORABLE.has(errorCode(error) ?? '')) return schemaError('body', 'contains a value that cannot be stored');
  return new KnownError('INTERNAL_ERROR', { request_id: requestId });
}

/**
 * What may be logged of a failure. Messages of the driver and of libraries quote values (row data, connection strings),
 * so only messages that this code base or JavaScript itself wrote are kept; of others, what and where.
 */
export function describeFailure(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const facts = error as Error & Record<string, unknown>;
  return {
    type: error.name,
    ...(isOwnMessage(error) && { message: error.message }),
    ...pickStrings(facts, ['code', 'severity', 'schema', 'table', 'constraint', 'routine', 'syscall']),
    stack: error.stack?.split('\n').filter((line) => /^\s+at /.test(line)),
    ...(error.cause !== undefined && { cause: describeFailure(error.cause) }),
  };
}

function isOwnMessage(error: Error): boolean {
  return error instanceof HexclaveError || error instanceof CommitUnknownError || error instanceof TypeError;
}

function pickStrings(facts: Record<string, unknown>, names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => typeof facts[name] === 'string').map((name) => [name, facts[name]]));
}
