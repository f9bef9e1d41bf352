import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export type ListenerOptions = {
  readonly connectionString: string;
  /** What to call for a message on each channel; all are called after a reconnection, since messages may have been missed. */
  readonly channels: Readonly<Record<string, () => void>>;
  readonly onError: (error: unknown) => void;
};

const RECONNECT_MS = 1_000;

/**
 * Listens on a connection of its own until aborted. A wake that is missed while it is broken, or behind a pooler that
 * does not pass messages on, only costs time: every loop also polls.
 */
export async function runListener(options: ListenerOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await listenOnce(options, signal);
    } catch (error) {
      options.onError(error);
      await delay(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Resolves on abort, rejects when the connection is lost. */
async function listenOnce({ connectionString, channels }: ListenerOptions, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString, application_name: 'hexclave listener', keepAlive: true });
  const lost = new Promise<never>((_, reject) => {
    client.on('error', reject);
    client.on('end', () => reject(new Error('The listening connection was closed')));
  });
  lost.catch(() => undefined);
  client.on('notification', (message) => channels[message.channel]?.());
  try {
    await client.connect();
    for (const channel of Object.keys(channels)) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    for (const wake of Object.values(channels)) wake();
    await Promise.race([lost, aborted(signal)]);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
