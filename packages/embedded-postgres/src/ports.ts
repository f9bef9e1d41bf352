import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below 32768: higher ports are handed out by the system to outgoing connections and would collide. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 200;

/** Whether `port` can be listened on at the loopback address. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port that is free now; another program may take it before it is used. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`No free port between ${LOWEST} and ${HIGHEST} after ${ATTEMPTS} tries`);
}
