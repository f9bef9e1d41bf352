import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { waitUntil } from '@hexclave/testing';

/** What becomes of a message of a client that passes the gate. */
export type Verdict =
  | 'pass'
  /** It waits here until `open` or `discard`. */
  | 'hold'
  /** It goes on; the server's answer waits here. */
  | 'hold-reply';

/** A TCP proxy before a PostgreSQL, on loopback, that stops a chosen message at a moment that a test can see. */
export type GateProxy = {
  readonly port: number;
  /** Asks about each message from now on; the first one that is held closes the gate for its connection alone. */
  watch(look: ((message: Buffer) => Verdict) | null): void;
  /** Whether something is held: with `hold-reply`, an answer of the server. */
  isHeld(): boolean;
  /** Waits until something is. */
  held(): Promise<void>;
  /** Lets everything through that was held. */
  open(): void;
  /** Throws away what was held, with its connections. */
  discard(): void;
  /** Adds this much to each direction, in ms. */
  delay(ms: number): void;
  /** Lets so many bytes through in a second, in each direction of each connection. */
  throttle(bytesPerSecond: number): void;
  close(): Promise<void>;
};

type State = {
  look: ((message: Buffer) => Verdict) | null;
  delayMs: number;
  bytesPerSecond: number;
  isHeld: boolean;
};

type Link = { open(): void; discard(): void };

export async function startGateProxy(upstreamPort: number): Promise<GateProxy> {
  const state: State = {
    look: null,
    delayMs: 0,
    bytesPerSecond: Number.POSITIVE_INFINITY,
    isHeld: false,
  };
  const links = new Set<Link>();
  const server = createServer((client) => {
    const joined = join(client, connect({ host: '127.0.0.1', port: upstreamPort }), state);
    links.add(joined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const startAnew = () => {
    state.look = null;
    state.isHeld = false;
  };
  return {
    port: (server.address() as AddressInfo).port,
    watch: (look) => {
      state.look = look;
    },
    isHeld: () => state.isHeld,
    held: () =>
      waitUntil(() => state.isHeld, { timeoutMs: 30_000, describe: 'a message to be held' }).then(() => undefined),
    open: () => {
      startAnew();
      for (const joined of links) joined.open();
    },
    discard: () => {
      startAnew();
      for (const joined of links) joined.discard();
      links.clear();
    },
    delay: (ms) => {
      state.delayMs = ms;
    },
    throttle: (bytesPerSecond) => {
      state.bytesPerSecond = bytesPerSecond;
    },
    close: async () => {
      for (const joined of links) joined.discard();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Joins a client's connection to one of the server's. */
function join(client: Socket, upstream: Socket, state: State): Link {
  const toServer = pipe(client, upstream, state);
  const toClient = pipe(upstream, client, state);
  client.on('data', (message: Buffer) => {
    const verdict = state.look?.(message) ?? 'pass';
    if (verdict !== 'pass') state.look = null;
    if (verdict === 'hold') {
      toServer.hold();
      state.isHeld = true;
    }
    if (verdict === 'hold-reply')
      toClient.hold(() => {
        state.isHeld = true;
      });
    toServer.pass(message);
  });
  upstream.on('data', (answer: Buffer) => toClient.pass(answer));
  for (const socket of [client, upstream]) socket.on('error', () => undefined);
  client.on('close', toServer.finish);
  upstream.on('close', toClient.finish);
  return {
    open: () => {
      toServer.open();
      toClient.open();
    },
    discard: () => {
      client.destroy();
      upstream.destroy();
    },
  };
}

/** One direction of a connection, in order, with delay and bandwidth. */
function pipe(from: Socket, to: Socket, state: State) {
  let waiting: Buffer[] | null = null;
  let onWaiting: (() => void) | undefined;
  let freeAt = 0;
  const write = (message: Buffer) => {
    const now = performance.now();
    freeAt = Math.max(freeAt, now) + (message.length / state.bytesPerSecond) * 1_000;
    const wait = freeAt - now + state.delayMs;
    const send = () => void (to.destroyed || to.write(message));
    if (wait <= 0) return send();
    // A sender that is not held back would fill our memory instead of feeling the link.
    if (wait > state.delayMs + 100) from.pause();
    setTimeout(() => {
      send();
      from.resume();
    }, wait);
  };
  return {
    hold: (onFirst?: () => void) => {
      waiting = [];
      onWaiting = onFirst;
    },
    open: () => {
      const messages = waiting ?? [];
      waiting = null;
      messages.forEach(write);
    },
    pass: (message: Buffer) => {
      if (waiting === null) return write(message);
      waiting.push(message);
      onWaiting?.();
    },
    /** The sender is gone: so is the receiver's connection, once it has got all that was on its way. What is held stays. */
    finish: () => {
      if (waiting === null) setTimeout(() => to.end(), Math.max(0, freeAt - performance.now()) + state.delayMs + 1);
    },
  };
}
