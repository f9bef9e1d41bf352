import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { serve } from '@hexclave/testing/rpc';

/** A TCP proxy that only adds time: whatever arrives is passed on, in order, `delayMs` later, at any bandwidth. */

const handlers = {
  /** Returns the port that leads to `port` of this machine. */
  listen: async (port: number, delayMs: number): Promise<number> => {
    const server = createServer({ noDelay: true }, (client) => {
      const upstream = connect({ host: '127.0.0.1', port, noDelay: true });
      forward(client, upstream, delayMs);
      forward(upstream, client, delayMs);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  },
};

type Piece = { readonly due: number; readonly bytes: Buffer | null };

/**
 * Reads as fast as it can, whatever the other side takes: a link of this length holds what is under way on it, and a
 * proxy that paused the sender would take bandwidth away as well. `null` is the end of the stream.
 */
function forward(from: Socket, to: Socket, delayMs: number): void {
  const underWay: Piece[] = [];
  let waiting = false;
  const deliver = () => {
    waiting = false;
    const now = performance.now();
    while (underWay[0] !== undefined && underWay[0].due <= now) {
      const piece = underWay.shift();
      if (piece?.bytes == null) to.end();
      else to.write(piece.bytes);
    }
    if (underWay[0] !== undefined) wake(underWay[0].due - now);
  };
  const wake = (ms: number) => {
    if (!waiting) setTimeout(deliver, ms);
    waiting = true;
  };
  const send = (bytes: Buffer | null) => {
    underWay.push({ due: performance.now() + delayMs, bytes });
    wake(delayMs);
  };
  from.on('data', send);
  from.on('end', () => send(null));
  from.on('error', () => to.destroy());
}

export type DelayProxyHandlers = typeof handlers;

serve(handlers);
