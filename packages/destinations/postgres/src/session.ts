import type { EventEmitter } from 'node:events';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { resultTypes } from '@hexclave/db';
import { DestinationError } from '@hexclave/sync';
import pg from 'pg';
import { resolveTarget } from './address.ts';
import { classify } from './classify.ts';
import { capReceived } from './receive-cap.ts';

/** How TLS is used: `verify-full` unless the owner chose otherwise. */
export type TlsMode = 'verify-full' | 'verify-ca' | 'require' | 'no-verify' | 'disable';

/** Where an external PostgreSQL is. The driver is given these fields only, never a connection string. */
export type PostgresConnection = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: { readonly mode: TlsMode; readonly ca?: string | undefined };
};

export type SessionOptions = {
  /** Lets loopback and private addresses be connected to. */
  readonly allowPrivateHosts: boolean;
  readonly connectTimeoutMs: number;
  /** Nothing may go unanswered for longer; more than any statement may take in the server. Default 75,000. */
  readonly linkTimeoutMs?: number | undefined;
};

/** Longer than any statement may take in the server: strikes only when the link is silently dead. */
const LINK_TIMEOUT_MS = 75_000;

/** How far a connection has come. `secured` is left out where TLS is switched off. */
export type SessionPhase = 'resolved' | 'connected' | 'secured' | 'signedIn';

/** Opens one connection, with every wait bounded. Errors are {@link DestinationError}s. */
export async function openSession(
  connection: PostgresConnection,
  options: SessionOptions,
  onPhase: (phase: SessionPhase) => void = () => undefined,
): Promise<pg.Client> {
  const address = await resolveTarget(connection.host, options.allowPrivateHosts);
  onPhase('resolved');
  const client = new pg.Client({
    host: address,
    port: connection.port,
    user: connection.user,
    database: connection.database,
    // A function, because an empty string would make the driver look for PGPASSWORD and ~/.pgpass.
    password: () => connection.password,
    ssl: tlsOptions(connection),
    application_name: 'hexclave',
    connectionTimeoutMillis: options.connectTimeoutMs,
    query_timeout: options.linkTimeoutMs ?? LINK_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: resultTypes,
  });
  // Without a listener an error on an idle connection would end the process; the next statement reports it.
  client.on('error', () => undefined);
  capReceived(client);
  watchPhases(client, onPhase);
  try {
    await client.connect();
    onPhase('signedIn');
    return client;
  } catch (error) {
    discard(client);
    throw classify(error);
  }
}

/** The driver says when it begins to speak TLS; only the socket knows when the certificate was accepted. */
function watchPhases(client: pg.Client, onPhase: (phase: SessionPhase) => void): void {
  const { connection } = client as unknown as { connection: EventEmitter & { stream: EventEmitter } };
  connection.once('connect', () => onPhase('connected'));
  connection.once('sslconnect', () => connection.stream.once('secureConnect', () => onPhase('secured')));
}

/** Ends a connection at once, without waiting for the server. */
export function discard(client: pg.Client): void {
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
  stream.destroy();
  client.end().catch(() => undefined);
}

function tlsOptions({ host, tls }: PostgresConnection): false | ConnectionOptions {
  // An address is not sent as a server name (RFC 6066); the certificate is then compared with the address connected to.
  const name = isIP(host) === 0 ? { servername: host } : {};
  switch (tls.mode) {
    case 'disable':
      return false;
    case 'no-verify':
    case 'require':
      return { ...name, rejectUnauthorized: false };
    case 'verify-ca':
      return { ...name, rejectUnauthorized: true, ca: tls.ca, checkServerIdentity: () => undefined };
    case 'verify-full':
      return { ...name, rejectUnauthorized: true, ca: tls.ca };
  }
}
