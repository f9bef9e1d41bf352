import type { HttpAnswer, HttpCaller } from '../http-call.ts';
import type { Deliver, DeliveryResult } from '../request.ts';
import { parseRetryAfter } from '../retry-after.ts';

/** The receiver has understood, and refuses these very bytes: sending them again cannot help. */
const REFUSED_FOR_GOOD = new Set([301, 308, 400, 405, 406, 410, 411, 413, 414, 415, 422, 431, 451, 501, 505]);

/**
 * Delivers general HTTP requests. 2xx is delivered; redirects are not followed. Statuses that others may put right,
 * 401, 403 and 404 included, are tried again until the attempts are used up. Receivers may get a request twice: they
 * tell by the header `idempotency-key`, which stays the same.
 */
export function httpDelivery(caller: HttpCaller): Deliver {
  return async (request, signal) => {
    if (request.url === null) throw new Error('an HTTP request without an URL was claimed');
    const { method, url, body } = request;
    const headers = { 'user-agent': 'Hexclave', 'idempotency-key': request.id, ...lowerCaseNames(request.headers) };
    const answer = await caller.call({ method, url, headers, body }, signal);
    return answer.kind === 'failed' ? answer : toResult(answer);
  };
}

function toResult(answer: HttpAnswer): DeliveryResult {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  return {
    kind: 'failed',
    code: `HTTP_STATUS_${status}`,
    message: `The receiver answered ${status}.`,
    retryAfterMs: parseRetryAfter(answer.header('retry-after'), Date.now()),
    permanent: REFUSED_FOR_GOOD.has(status),
  };
}

/** So that what the caller set replaces what we would. */
function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
