import type { Follower, StatusEvent } from '../services/status-follower.ts';

/** How soon a browser connects again, in ms. */
const RETRY_MS = 2_000;

/** The events of a follower as server-sent events, each when the one before has been taken. */
export function eventStream(follower: Follower, signal: AbortSignal): Response {
  const encoder = new TextEncoder();
  signal.addEventListener('abort', follower.close, { once: true });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
    pull: async (controller) => {
      const event = await follower.next();
      if (event === null) controller.close();
      else controller.enqueue(encoder.encode(render(event)));
    },
    cancel: follower.close,
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies that gather an answer before they pass it on would hold events back.
      'x-accel-buffering': 'no',
    },
  });
}

/** JSON has no line breaks of its own, so that data is one line. */
function render(event: StatusEvent): string {
  const id = 'id' in event ? `id: ${event.id}\n` : '';
  return `${id}event: ${event.kind}\ndata: ${JSON.stringify(event.data)}\n\n`;
}
