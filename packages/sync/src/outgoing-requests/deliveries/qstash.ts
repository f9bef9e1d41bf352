import { Client, type PublishRequest, QstashError } from '@upstash/qstash';
import type { ClaimedRequest, Deliver, DeliveryResult } from '../request.ts';
import { syncMessageOf } from '../sync-message.ts';

export type QstashOptions = {
  readonly token: string;
  /** Default: Upstash's own address. */
  readonly baseUrl?: string;
  /** Where QStash reaches our sync engine: its public `…/internal/external-db-sync/sync-engine`. */
  readonly syncEngineUrl: string;
  /** How many syncs QStash may have under way at once. Default 32. */
  readonly syncParallelism?: number;
};

const DEFAULT_BASE_URL = 'https://qstash.upstash.io';
const DEFAULT_SYNC_PARALLELISM = 32;
const PUBLISH_TIMEOUT_MS = 15_000;
const RETRIES = 3;
/** QStash's own expression, in ms: 1, 2, 4 s. */
const RETRY_DELAY = '1000 * pow(2, retried)';
/** How long QStash waits for one answer. */
const RECEIVER_TIMEOUT_SECONDS = 60;
/** All of QStash's attempts are over by then. */
const HANDED_OVER_MS = 5 * 60_000;

/**
 * Publishes requests to Upstash QStash, which delivers them.
 *
 * Nothing is dropped silently. A publication that fails, or whose reply is lost, is tried again by us. A sync stays in
 * the queue, claimed, until its receiver has settled it; if QStash gives up or loses it, the claim runs out and it is
 * published anew. A general HTTP request is QStash's once it is accepted: its retries and its dead letters are there.
 *
 * The deduplication id is the claim, not the deduplication key: QStash forgets it only after ten minutes, and would
 * swallow the next change of the same tenancy. It makes the client's own retries of one publication harmless.
 */
export function qstashDelivery(options: QstashOptions): Deliver {
  const { token, baseUrl = DEFAULT_BASE_URL } = options;
  // Everything is named: what is left out, the client would take from the environment.
  const client = new Client({ token, baseUrl, retry: { retries: 2 }, enableTelemetry: false, devMode: false });
  return async (request, signal) => {
    const message = request.kind === 'sync' ? syncPublication(request, options) : httpPublication(request);
    const timeout = AbortSignal.timeout(PUBLISH_TIMEOUT_MS);
    try {
      await unlessAborted(client.publish(message), AbortSignal.any([signal, timeout]));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      return failure(timeout.aborted ? 'timed out' : statusOf(error));
    }
    return request.kind === 'sync' ? { kind: 'handed-over', leaseMs: HANDED_OVER_MS } : { kind: 'delivered' };
  };
}

function syncPublication(request: ClaimedRequest, options: QstashOptions): PublishRequest<string> {
  const message = syncMessageOf(request);
  return {
    ...publicationOf(message.requestId),
    url: options.syncEngineUrl,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
    flowControl: { key: 'hexclave-sync', parallelism: options.syncParallelism ?? DEFAULT_SYNC_PARALLELISM },
  };
}

function httpPublication(request: ClaimedRequest): PublishRequest<string> {
  if (request.url === null) throw new Error('an HTTP request without an URL was claimed');
  const flowControl = request.flowControlKey !== null && {
    flowControl: { key: flowKey(request.flowControlKey), parallelism: request.flowControlParallelism ?? 1 },
  };
  return {
    ...publicationOf(`${request.id}.${request.claimToken}`),
    url: request.url,
    method: request.method as 'POST',
    headers: { 'idempotency-key': request.id, ...request.headers },
    ...(request.body !== null && { body: request.body }),
    ...flowControl,
  };
}

function publicationOf(deduplicationId: string) {
  return { deduplicationId, retries: RETRIES, retryDelay: RETRY_DELAY, timeout: RECEIVER_TIMEOUT_SECONDS };
}

/** QStash takes letters, digits, hyphens, underscores and periods. */
function flowKey(key: string): string {
  return key.replace(/[^A-Za-z0-9._-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}_`);
}

/** The client has no time-out of its own. What it is still doing then can only publish a claim that is no longer valid. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

/** Its messages repeat what QStash answered, which may repeat what was sent. */
function statusOf(error: unknown): string {
  return error instanceof QstashError && error.status !== undefined
    ? `answered ${error.status}`
    : 'could not be reached';
}

function failure(what: string): DeliveryResult {
  return { kind: 'failed', code: 'QSTASH_PUBLISH_FAILED', message: `QStash ${what}.` };
}
