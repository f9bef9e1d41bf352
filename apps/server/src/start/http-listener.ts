import { once } from 'node:events';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { explainListenError } from './ports.ts';

type Fetch = Parameters<typeof serve>[0]['fetch'];

/** An HTTP server that listens. */
export type HttpListener = {
  /** Takes no new connections, and lets requests under way finish for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
};

/** @throws {HexclaveError} SERVER_PORT_TAKEN, SERVER_ADDRESS_UNUSABLE */
export async function listen(fetch: Fetch, host: string, port: number): Promise<HttpListener> {
  // Without options for HTTP/2 it is a plain HTTP server.
  const server = serve({ fetch, hostname: host, port }) as Server;
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw explainListenError(error, host, port);
  });
  return { close: (graceMs) => close(server, graceMs) };
}

const IDLE_LOOK_MS = 50;

async function close(server: Server, graceMs: number): Promise<void> {
  const impatience = setTimeout(() => server.closeAllConnections(), graceMs);
  // Those that become idle meanwhile are kept alive for a next request, which will not come.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(idle);
  clearTimeout(impatience);
}
