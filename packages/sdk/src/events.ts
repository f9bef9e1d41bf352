import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { withDeadline } from './deadline.ts';
import { timedOut } from './errors.ts';

export type ReadEventsOptions = {
  /** For messages. */
  readonly server: string;
  readonly signal: AbortSignal | undefined;
  /** A connection on which nothing came for so long is dead, whatever the network says of it. */
  readonly idleMs: number;
};

/**
 * The events of a stream, until the server ends it. Leaving the loop closes the connection.
 *
 * @throws {HexclaveError} API_TIMEOUT when the stream falls silent, and whatever the network fails with
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  { server, signal, idleMs }: ReadEventsOptions,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => ready.push(event) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const onIdle = () => timedOut(server, idleMs);
      const chunk = await withDeadline(signal, idleMs, onIdle, (deadline) => orAborted(reader.read(), deadline));
      if (chunk.done) return;
      parser.feed(decoder.decode(chunk.value, { stream: true }));
      yield* ready.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    result.then(resolve, reject);
  });
}
