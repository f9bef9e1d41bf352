import { createServer } from 'node:net';
import { HexclaveError } from '@hexclave/errors';

/** The ports of one Hexclave: two digits behind a prefix, so that several can run on one machine. */
export type Ports = { dashboard: number; api: number; postgres: number };

export function portsOf(prefix: number): Ports {
  return { dashboard: prefix * 100 + 1, api: prefix * 100 + 2, postgres: prefix * 100 + 28 };
}

/**
 * Fails early, before anything is started or changed, when API or dashboard could not listen.
 *
 * @throws {HexclaveError} SERVER_PORT_TAKEN, SERVER_ADDRESS_UNUSABLE
 */
export async function assertPortsListenable(host: string, ports: Ports): Promise<void> {
  for (const port of [ports.api, ports.dashboard]) await assertListenable(host, port);
}

async function assertListenable(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => reject(explainListenError(error, host, port)));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

export function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): HexclaveError {
  if (error.code === 'EADDRINUSE') {
    return new HexclaveError({
      code: 'SERVER_PORT_TAKEN',
      message: `Port ${port}, meant for the API or the dashboard, is used by another program, perhaps by another Hexclave.`,
      remedy:
        'Stop that program, or give this Hexclave other ports with NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX (default 81; for example 82).',
      cause: error,
    });
  }
  return new HexclaveError({
    code: 'SERVER_ADDRESS_UNUSABLE',
    message: `The server cannot listen on ${host}, port ${port} (${error.code ?? error.message}).`,
    remedy:
      'Set HEXCLAVE_HOST to an address of this machine (127.0.0.1 or 0.0.0.0), and a port prefix whose ports this user may open.',
    cause: error,
  });
}
