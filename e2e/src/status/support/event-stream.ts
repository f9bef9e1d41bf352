import type { ProjectKeys } from '@hexclave/server';
import { waitUntil } from '@hexclave/testing';
import { headersFor } from '../../support/api-client.ts';

// biome-ignore lint/suspicious/noExplicitAny: data of events is looked into freely, and every look is an assertion.
export type StreamedEvent = { readonly id: string | undefined; readonly event: string; readonly data: any };

/** The stream of a status, as a client reads it. */
export type EventStream = {
  readonly status: number;
  readonly events: readonly StreamedEvent[];
  /** Waits for an event, of those that have come or are to come. */
  until(what: string, isMeant: (event: StreamedEvent) => boolean): Promise<StreamedEvent>;
  /** Whether the server has ended it. */
  readonly ended: boolean;
  close(): Promise<void>;
};

export async function openStream(
  url: string,
  keys: ProjectKeys,
  query = '',
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const hangUp = new AbortController();
  const response = await fetch(`${url}/api/v1/internal/external-db-sync/status/stream${query}`, {
    headers: { ...headersFor(keys, 'admin'), ...headers },
    signal: hangUp.signal,
  });
  const events: StreamedEvent[] = [];
  let ended = false;
  const reading = read(response, events).then(
    () => {
      ended = true;
    },
    () => undefined,
  );
  return {
    status: response.status,
    events,
    get ended() {
      return ended;
    },
    until: async (what, isMeant) => {
      await waitUntil(async () => events.some(isMeant), { timeoutMs: 20_000, describe: `the event ${what}` });
      return events.find(isMeant) as StreamedEvent;
    },
    close: async () => {
      hangUp.abort();
      await reading;
    },
  };
}

async function read(response: Response, events: StreamedEvent[]): Promise<void> {
  if (response.body === null) return;
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    events.push(...blocks.flatMap(parse));
  }
}

function parse(block: string): StreamedEvent[] {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const event = fields.get('event');
  return event === undefined ? [] : [{ id: fields.get('id'), event, data: JSON.parse(fields.get('data') ?? 'null') }];
}
