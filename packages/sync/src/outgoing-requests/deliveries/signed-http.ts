import type { HttpAnswer, HttpCaller } from '../http-call.ts';
import type { Deliver, DeliveryResult } from '../request.ts';
import { parseRetryAfter } from '../retry-after.ts';
import { SIGNATURE_HEADERS, sign } from '../signature.ts';
import { syncMessageOf } from '../sync-message.ts';

export type SignedHttpOptions = {
  /** Where a sync engine takes requests: its `…/internal/external-db-sync/sync-engine`. */
  readonly url: string;
  readonly secret: string;
  readonly caller: HttpCaller;
};

/** What a sync engine answers with when its fuse is off. */
export const ENGINE_DISABLED_CODE = 'SYNC_ENGINE_DISABLED';
const DISABLED_RETRY_MS = 5_000;

/** Delivers syncs to the engine of another server, by signed HTTP. */
export function signedHttpDelivery({ url, secret, caller }: SignedHttpOptions): Deliver {
  const { pathname, search } = new URL(url);
  return async (request, signal) => {
    const message = syncMessageOf(request);
    const body = JSON.stringify(message);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const { requestId } = message;
    const signature = sign(secret, { timestamp, requestId, method: 'POST', path: pathname + search, body });
    const headers = {
      'content-type': 'application/json',
      [SIGNATURE_HEADERS.signature]: signature,
      [SIGNATURE_HEADERS.timestamp]: timestamp,
      [SIGNATURE_HEADERS.requestId]: requestId,
    };
    const answer = await caller.call({ method: 'POST', url, headers, body }, signal);
    return answer.kind === 'failed' ? answer : toResult(answer);
  };
}

/** A sync is never given up: whatever is wrong with the engine can be put right. */
function toResult(answer: HttpAnswer): DeliveryResult {
  const retryAfterMs = parseRetryAfter(answer.header('retry-after'), Date.now());
  if (answer.status === 200) {
    const finished = readFinished(answer.body);
    if (finished === undefined) return failed('The sync engine gave an answer that is not its own.');
    return { kind: finished ? 'delivered' : 'again' };
  }
  if (answer.status === 503 && answer.header('x-hexclave-known-error') === ENGINE_DISABLED_CODE) {
    return { kind: 'again', delayMs: retryAfterMs ?? DISABLED_RETRY_MS };
  }
  return { ...failed(`The sync engine answered ${answer.status}.`), retryAfterMs };
}

function failed(message: string) {
  return { kind: 'failed', code: 'SYNC_ENGINE_FAILED', message } as const;
}

function readFinished(body: string): boolean | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== 'object' || answer === null || !('finished' in answer)) return undefined;
    return typeof answer.finished === 'boolean' ? answer.finished : undefined;
  } catch {
    return undefined;
  }
}
