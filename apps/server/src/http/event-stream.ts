import type { Follower, StatusEvent } from '../services/status-follower.ts';

/** How soon a browser connects again, in ms. */
const RETRY_MS = 2_000;

const encoder = new TextEncoder();

/** The events of a follower as server-sent events, each when the one before has been taken. */
export function eventStream(follower: Follower, signal: AbortSignal): Response {
  signal.addEventListener('abort', follower.close, { once: true });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
    pull: async (controller) => {
      const event = await follower.next();
      if (event === null) controller.close();
      else controller.enqueue(encodeStatusEvent(event));
    },
    cancel: follower.close,
  });
  return eventResponse(body);
}

function encodeStatusEvent(event: StatusEvent): Uint8Array {
  return encodeEvent(event.kind, event.data, 'id' in event ? event.id : undefined);
}

/** JSON has no line breaks of its own, so that data is one line. */
export function encodeEvent(name: string, data: object, id?: string): Uint8Array {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return encoder.encode(`${idLine}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

export function eventResponse(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies that gather an answer before they pass it on would hold events back.
      'x-accel-buffering': 'no',
    },
  });
}
