import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { configureSession, driverTimeoutMs, type SessionOptions } from './session.ts';
import { resultTypes } from './types.ts';

export type ResidentOptions = SessionOptions & { readonly connectionString: string; readonly applicationName: string };

export type ListenOptions = {
  /** What to call for a message on each channel; all are called after a reconnection, since messages may have been missed. */
  readonly channels: Readonly<Record<string, () => void>>;
  readonly onError: (error: unknown) => void;
};

/**
 * One connection that listens, and takes the short statements that follow a message. Its server process has just been
 * woken by the message and has everything at hand, where one out of a pool is asleep and its caches are cold: that is
 * most of what a short statement takes. Statements sent together share one round trip.
 */
export type Resident = {
  /** Connects, listens and reconnects until aborted. */
  listen(options: ListenOptions, signal: AbortSignal): Promise<void>;
  /** Runs `work` if the connection is there and nothing is under way on it; otherwise returns `null`. */
  ifIdle<T>(work: (client: pg.Client) => Promise<T>): Promise<T> | null;
};

const RECONNECT_MS = 1_000;

/**
 * Short statements find their rows through an index, whatever the statistics say. Planned once: where a plan for the
 * values at hand seems a little cheaper, PostgreSQL otherwise plans anew each time, which takes longer than all the rest.
 */
const SHORT_STATEMENTS =
  'SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off';

/**
 * A message that is missed while the connection is broken, or behind a pooler that does not pass messages on, only costs
 * time: whoever waits for one also polls.
 */
export function createResident(options: ResidentOptions): Resident {
  let client: pg.Client | null = null;
  let underWay: Promise<unknown> | null = null;

  const listenOnce = async ({ channels }: ListenOptions, signal: AbortSignal) => {
    const opened = openClient(options);
    const lost = untilLost(opened);
    opened.on('notification', (message) => channels[message.channel]?.());
    try {
      await opened.connect();
      await configureSession(opened, options);
      await opened.query(SHORT_STATEMENTS);
      for (const channel of Object.keys(channels)) await opened.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      client = opened;
      for (const wake of Object.values(channels)) wake();
      await Promise.race([lost, aborted(signal)]);
    } finally {
      client = null;
      await underWay?.catch(() => undefined);
      await opened.end().catch(() => undefined);
    }
  };

  return {
    listen: async (listening, signal) => {
      while (!signal.aborted) {
        try {
          await listenOnce(listening, signal);
        } catch (error) {
          listening.onError(error);
          await delay(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
        }
      }
    },
    ifIdle: (work) => {
      if (client === null || underWay !== null) return null;
      const working = work(client).finally(() => {
        underWay = null;
      });
      underWay = working;
      return working;
    },
  };
}

function openClient({ connectionString, applicationName, ...session }: ResidentOptions): pg.Client {
  return new pg.Client({
    connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: resultTypes,
    pipeline: true,
    query_timeout: driverTimeoutMs(session),
  });
}

/** Rejects when the connection is lost. */
function untilLost(client: pg.Client): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    client.on('error', reject);
    client.on('end', () => reject(new Error('The listening connection was closed')));
  });
  lost.catch(() => undefined);
  return lost;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
