import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What happens to a statement that passes by, seen from the client. */
export type StatementFault =
  /** Neither the statement nor an answer gets through: the connection is cut first. */
  | 'cut-before'
  /** The first half of it gets through, then the connection is cut. */
  | 'cut-within'
  /** The server does its work, but its answer is lost with the connection. */
  | 'drop-reply'
  /** It waits on the way, and gets through when the proxy is calmed. */
  | 'hold'
  /** From this statement on nothing gets through, and nobody is told; see {@link FaultProxy.blackhole}. */
  | 'swallow';

/** How often each kind of fault has struck since the start. */
export type ProxyCounts = { refused: number; cut: number; delayed: number; swallowed: number };

/** A TCP proxy before a PostgreSQL, on loopback, that breaks connections in a chosen way. */
export type FaultProxy = {
  readonly port: number;
  readonly counts: Readonly<ProxyCounts>;
  /** Adds this much to each direction, in ms. */
  delay(ms: number): void;
  /** Nothing gets through any more, and nobody is told: connections stay open. `false` ends it. */
  blackhole(on: boolean): void;
  /** Resets what is open and whatever comes, as if nobody listened. `false` ends it. */
  refuse(on: boolean): void;
  /** Resets the connections that are open now. */
  cut(): void;
  /** Applies a fault to the next message of a client that contains `text`. Resolves once it has struck. */
  strike(text: string, fault: StatementFault): Promise<void>;
  /** Ends all faults, and forgets a strike that has not struck. */
  calm(): void;
  close(): Promise<void>;
};

type Strike = { readonly text: string; readonly fault: StatementFault; readonly struck: () => void };

type State = {
  delayMs: number;
  isHole: boolean;
  refuses: boolean;
  strike: Strike | null;
  /** Lets go what is held. */
  release: (() => void) | null;
  readonly counts: ProxyCounts;
};

export async function startFaultProxy(upstreamPort: number): Promise<FaultProxy> {
  const counts: ProxyCounts = { refused: 0, cut: 0, delayed: 0, swallowed: 0 };
  const state: State = { delayMs: 0, isHole: false, refuses: false, strike: null, release: null, counts };
  const open = new Set<Socket>();
  const server = createServer((client) => {
    if (!state.refuses) return link(client, connect({ host: '127.0.0.1', port: upstreamPort }), state, open);
    counts.refused += 1;
    client.on('error', () => undefined);
    client.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const reset = () => {
    for (const socket of open) {
      counts.cut += 1;
      socket.resetAndDestroy();
    }
  };
  const refuse = (on: boolean) => {
    state.refuses = on;
    if (on) reset();
  };
  return {
    port: (server.address() as AddressInfo).port,
    counts,
    delay: (ms) => {
      state.delayMs = ms;
    },
    blackhole: (on) => {
      state.isHole = on;
    },
    refuse,
    cut: reset,
    strike: (text, fault) =>
      new Promise((struck) => {
        state.strike = { text, fault, struck };
      }),
    calm: () => {
      state.release?.();
      Object.assign(state, { delayMs: 0, isHole: false, refuses: false, strike: null, release: null });
    },
    close: async () => {
      state.isHole = false;
      reset();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Joins a client's connection to one of the server's. */
function link(client: Socket, upstream: Socket, state: State, open: Set<Socket>): void {
  let repliesAreLost: Strike | null = null;
  const end = () => {
    client.resetAndDestroy();
    upstream.destroy();
  };
  const struckBy = (chunk: Buffer): StatementFault | null => {
    const { strike } = state;
    if (strike === null || !chunk.includes(strike.text)) return null;
    state.strike = null;
    if (strike.fault === 'drop-reply') repliesAreLost = strike;
    else strike.struck();
    if (strike.fault === 'swallow') state.isHole = true;
    return strike.fault;
  };
  forward(client, upstream, state, (chunk) => {
    const fault = struckBy(chunk);
    if (fault === 'cut-within') upstream.write(chunk.subarray(0, chunk.length >> 1), end);
    if (fault === 'cut-before') end();
    if (fault === 'hold') {
      client.pause();
      state.release = () => {
        upstream.write(chunk);
        client.resume();
      };
    }
    return fault === null || fault === 'drop-reply';
  });
  forward(upstream, client, state, () => {
    if (repliesAreLost === null) return true;
    repliesAreLost.struck();
    end();
    return false;
  });
  for (const socket of [client, upstream]) {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      if (!state.isHole) end();
    });
  }
}

/** Passes chunks on, later if there is a delay, unless `look` says no or everything is swallowed. */
function forward(from: Socket, to: Socket, state: State, look: (chunk: Buffer) => boolean): void {
  from.on('data', (chunk: Buffer) => {
    if (state.isHole) state.counts.swallowed += 1;
    if (state.isHole || !look(chunk)) return;
    const pass = () => {
      if (state.isHole || to.destroyed || to.write(chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
    };
    if (state.delayMs === 0) return pass();
    state.counts.delayed += 1;
    setTimeout(pass, state.delayMs);
  });
}
