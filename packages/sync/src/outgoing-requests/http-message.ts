import { validateHeaderName, validateHeaderValue } from 'node:http';
import { HexclaveError } from '@hexclave/errors';
import type { NewRequest } from './request.ts';

const MOST_BODY_BYTES = 4 * 1024 * 1024;
const MOST_KEY_LENGTH = 1_000;
const MOST_URL_LENGTH = 8_000;

/** Set by the transport, or able to make one request into two. */
const FORBIDDEN_HEADERS = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authorization', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade'],
]);

/** Throws OUTGOING_REQUEST_INVALID, so that whoever queues it learns of it, not a poller an hour later. */
export function assertDeliverable(request: NewRequest): void {
  const problem = findProblem(request);
  if (problem === undefined) return;
  throw new HexclaveError({
    code: 'OUTGOING_REQUEST_INVALID',
    message: `An outgoing request was not queued: ${problem}.`,
    remedy: 'Correct the call that queues it.',
  });
}

function findProblem(request: NewRequest): string | undefined {
  const { body, flowControl, deduplicationKey } = request;
  const headerProblem = Object.entries(request.headers ?? {})
    .map(findHeaderProblem)
    .find(Boolean);
  if (!isHttpUrl(request.url)) return 'its URL is not an absolute http or https URL without user and password';
  if (headerProblem !== undefined) return headerProblem;
  if (body !== undefined && request.method === 'GET') return 'a GET cannot have a body';
  if (Buffer.byteLength(body ?? '') > MOST_BODY_BYTES) return `its body is larger than ${MOST_BODY_BYTES} bytes`;
  // PostgreSQL's text cannot hold it.
  if (body?.includes('\0')) return 'its body contains a NUL character';
  if (flowControl !== undefined && !(Number.isInteger(flowControl.parallelism) && flowControl.parallelism > 0)) {
    return 'the parallelism of its flow control is not a positive integer';
  }
  if (![deduplicationKey, flowControl?.key].every(isKey)) return 'a key is empty, has a NUL, or is too long';
  return undefined;
}

function isHttpUrl(text: string): boolean {
  if (text.length > MOST_URL_LENGTH || !URL.canParse(text)) return false;
  const url = new URL(text);
  return ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
}

/** Names the header at most: values may be secrets. */
function findHeaderProblem([name, value]: [string, string]): string | undefined {
  if (FORBIDDEN_HEADERS.has(name.toLowerCase())) return `its header ${name} is not the caller's to set`;
  try {
    validateHeaderName(name);
  } catch {
    return 'the name of a header has characters that are not allowed';
  }
  try {
    validateHeaderValue(name, value);
    return undefined;
  } catch {
    return `the value of its header ${name} has characters that are not allowed`;
  }
}

function isKey(key: string | undefined): boolean {
  return key === undefined || (key !== '' && key.length <= MOST_KEY_LENGTH && !key.includes('\0'));
}
