import type { Database } from '@hexclave/db';
import { createLookout } from '../services/lookout.ts';
import { findGood } from './sessions.ts';

/** A stream outlives the request that was allowed: whoever is signed out meanwhile must not go on reading. */
export type SessionStreams = {
  /** The same stream, until its session is no longer good. */
  whileSignedIn(token: string, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array>;
  /** Ends those of a session that has just ended. Other processes notice by themselves, a look later. */
  end(token: string): void;
};

export type SessionStreamsOptions = {
  readonly database: Database;
  /** How often the sessions of all open streams are looked at, in one statement. Default 2,000 ms. */
  readonly lookEveryMs?: number;
};

const LOOK_EVERY_MS = 2_000;

type OpenStream = { readonly token: string; readonly end: () => unknown };

export function createSessionStreams({ database, lookEveryMs = LOOK_EVERY_MS }: SessionStreamsOptions): SessionStreams {
  const open = new Set<OpenStream>();

  const endWhere = (isOver: (stream: OpenStream) => boolean) => {
    for (const stream of [...open].filter(isOver)) stream.end();
  };
  const look = async () => {
    const asked = new Set([...open].map(({ token }) => token));
    const good = await findGood(database, [...asked]);
    endWhere(({ token }) => asked.has(token) && !good.has(token));
  };
  // When it cannot be asked just now, it is asked again.
  const lookout = createLookout({ everyMs: lookEveryMs, isNeeded: () => open.size > 0, look });

  return {
    whileSignedIn: (token, body) => {
      // By its reader and not by the signal of its request, which the garbage collector may have taken away by then.
      const reader = body.getReader();
      const end = (reason?: unknown) => {
        open.delete(stream);
        return reader.cancel(reason).catch(() => undefined);
      };
      const stream: OpenStream = { token, end };
      open.add(stream);
      lookout.begin();
      return passOn(reader, end);
    },
    end: (token) => endWhere((stream) => stream.token === token),
  };
}

/** @param end called once it is over, whoever has ended it */
function passOn(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  end: (reason?: unknown) => Promise<unknown>,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await reader.read().catch(async (error: unknown) => {
        await end();
        throw error;
      });
      if (!done) return controller.enqueue(value);
      await end();
      controller.close();
    },
    cancel: (reason) => end(reason).then(() => undefined),
  });
}
