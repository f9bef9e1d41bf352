import type { RouteRequest, StatusChange, StatusSnapshot, streamRoutes } from '@hexclave/contract';
import { HexclaveError } from '@hexclave/errors';
import { parseJson } from './answer-error.ts';
import { toApiRequest } from './api-request.ts';
import { pause } from './deadline.ts';
import { ApiError, notUnderstood, unreachable } from './errors.ts';
import { readEvents } from './events.ts';
import type { Settings } from './options.ts';
import { type CallOptions, send } from './transport.ts';

export type WatchQuery = NonNullable<RouteRequest<typeof streamRoutes.streamSyncStatus>['query']>;

/** What comes while the status is watched. {@link applyStatusMessage} keeps a whole status out of it. */
export type StatusMessage =
  /** Everything: first, and again when changes were missed. */
  | { type: 'snapshot'; data: StatusSnapshot }
  /** What is different. */
  | { type: 'change'; data: StatusChange }
  /** The rest is as it was, at that time of the internal database’s clock. */
  | { type: 'heartbeat'; data: { at_millis: number } }
  /** The connection is lost, and is made anew after that time, in ms: what is known grows old meanwhile. */
  | { type: 'disconnected'; error: Error; retryInMs: number };

type Received = Exclude<StatusMessage, { type: 'disconnected' }> | { type: 'end'; data: { reason: string } };

/** What one connection leaves to the next. */
type Progress = { lastEventId: string | undefined; everConnected: boolean; failures: number };

/** The server says something every few seconds. */
const IDLE_MS = 30_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Follows the status until the caller leaves the loop or aborts. A connection that is lost is made anew, and goes on
 * where it was.
 *
 * @throws {ApiError | HexclaveError} when the first connection cannot be made, or the server no longer allows it
 */
export async function* watchStatus(
  settings: Settings,
  query: WatchQuery,
  options: CallOptions,
): AsyncGenerator<StatusMessage, void, undefined> {
  const progress: Progress = { lastEventId: query.last_event_id, everConnected: false, failures: 0 };
  for (;;) {
    const error = yield* followOnce(settings, query, options, progress);
    if (!passesByItself(error)) throw error;
    const retryInMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** progress.failures++) * (0.5 + Math.random() / 2);
    yield { type: 'disconnected', error, retryInMs };
    await pause(retryInMs, options.signal);
  }
}

/** The messages of one connection. Returns how it was lost. */
async function* followOnce(
  settings: Settings,
  query: WatchQuery,
  options: CallOptions,
  progress: Progress,
): AsyncGenerator<StatusMessage, Error, undefined> {
  try {
    const body = await openStream(settings, { ...query, last_event_id: progress.lastEventId }, options);
    for await (const event of readEvents(body, { server: settings.server, signal: options.signal, idleMs: IDLE_MS })) {
      const message = parseMessage(settings.server, event);
      if (message.type === 'end') return endedBy(settings.server, message.data.reason);
      Object.assign(progress, { everConnected: true, failures: 0, ...(event.id && { lastEventId: event.id }) });
      yield message;
    }
    return unreachable(settings.server, undefined);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!progress.everConnected) throw error;
    return error instanceof ApiError || error instanceof HexclaveError ? error : unreachable(settings.server, error);
  }
}

function openStream(settings: Settings, query: WatchQuery, options: CallOptions): Promise<ReadableStream<Uint8Array>> {
  const request = { ...toApiRequest('streamSyncStatus', { query }), headers: { accept: 'text/event-stream' } };
  return send(settings, request, options, async ({ body, headers }) => {
    if (body !== null && headers.get('content-type')?.startsWith('text/event-stream')) return body;
    await body?.cancel();
    throw notUnderstood(settings.server, 'answered with something else than a stream of events');
  });
}

function parseMessage(server: string, event: { event?: string | undefined; data: string }): Received {
  const data = parseJson(event.data);
  if (data === undefined) throw notUnderstood(server, 'sent an event without JSON');
  return { type: event.event, data } as Received;
}

/** Why there is no use in coming back. After any other end, which a newer server may have more of, there is. */
const ENDS_FOR_GOOD = new Map([
  ['no_longer_allowed', { why: 'the key is no longer valid for it', remedy: 'Use a key that is valid.' }],
  ['project_deleted', { why: 'the project was deleted', remedy: 'Follow a project that is there.' }],
]);

function endedBy(server: string, reason: string): HexclaveError {
  const end = ENDS_FOR_GOOD.get(reason);
  if (end === undefined) return unreachable(server, undefined);
  const message = `${server} has ended the stream: ${end.why}.`;
  return new HexclaveError({ code: 'API_ACCESS_ENDED', message, remedy: end.remedy });
}

function passesByItself(error: Error): boolean {
  if (error instanceof HexclaveError) return error.retryable;
  return error instanceof ApiError && (error.status === 429 || error.status >= 500);
}
