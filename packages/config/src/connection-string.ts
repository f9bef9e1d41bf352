import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';

/**
 * How far the connection is protected. `verify-full` checks the certificate and the name in it, `verify-ca` the
 * certificate only, `require` and `no-verify` encrypt without asking who is there, `disable` does not encrypt.
 */
export type TlsMode = 'verify-full' | 'verify-ca' | 'require' | 'no-verify' | 'disable';

/** Where and as whom to connect. The driver is given these fields, never the string they came from. */
export type PostgresConnection = {
  host: string;
  port: number;
  user: string;
  /** Empty when the server asks for none. */
  password: string;
  database: string;
  tls: { mode: TlsMode /** PEM of the certificates to trust instead of the system's. */; ca?: string };
};

/** The fields of a connection that may be shown. */
export type ConnectionDisplay = Pick<PostgresConnection, 'host' | 'port' | 'database' | 'user'>;

export type ConnectionStringResult = { ok: true; connection: PostgresConnection } | { ok: false; problem: string };

const MAX_LENGTH = 4_096;
/** Certificates are long, and percent-encoding makes them longer. */
const MAX_LENGTH_WITH_CERTIFICATE = 32_768;
const MAX_IDENTIFIER_BYTES = 63;
const DEFAULT_PORT = 5_432;
const MALFORMED_HOST = 'has a malformed host; an IPv6 address stands in brackets';
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point.
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/;
const TLS_MODES: readonly string[] = ['verify-full', 'verify-ca', 'require', 'no-verify', 'disable'];

/** Why a parameter that other programs take is refused here. */
const REFUSED_PARAMETERS = new Map([
  ['host', 'the host belongs before the path'],
  ['hostaddr', 'the host belongs before the path'],
  ['port', 'the port belongs after the host'],
  ['user', 'the user belongs before the @'],
  ['password', 'the password belongs before the @'],
  ['dbname', 'the database is the path'],
  ['database', 'the database is the path'],
  ['options', 'Hexclave sets the session’s options itself'],
  ['application_name', 'Hexclave sets the application name itself'],
  ['service', 'files of this server are not read'],
  ['passfile', 'files of this server are not read'],
  ['sslcert', 'client certificates are not supported'],
  ['sslkey', 'client certificates are not supported'],
  ['ssl', 'use sslmode'],
  ['channel_binding', 'it is negotiated by itself'],
  ['connect_timeout', 'Hexclave sets the timeouts itself'],
]);

/** A reason why the string is not taken. It never contains a part of the string but parameter names. */
class Refused extends Error {}

/**
 * Parses `postgresql://user:password@host:port/database?sslmode=…&sslrootcert=…` into an allow-list of fields.
 * Stricter than drivers are, on purpose: what a driver would take from elsewhere (other parameters, environment
 * variables, sockets, files) is refused with a sentence that says why.
 */
export function parseConnectionString(text: string): ConnectionStringResult {
  try {
    return { ok: true, connection: parse(text) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, problem: error.message };
    throw error;
  }
}

/** The part of a connection that may be shown. */
export function displayOf(connection: PostgresConnection): ConnectionDisplay {
  const { host, port, database, user } = connection;
  return { host, port, database, user };
}

function parse(text: string): PostgresConnection {
  const { authority, path, query } = split(text);
  const { user, password, address } = parseAuthority(authority);
  const parameters = parseParameters(query);
  return {
    ...parseAddress(address),
    user,
    password,
    database: parseDatabase(path),
    tls: parseTls(parameters),
  };
}

function split(text: string): { authority: string; path: string; query: string } {
  if (text.length > MAX_LENGTH_WITH_CERTIFICATE) throw new Refused('is too long');
  if (CONTROL_CHARACTERS.test(text)) throw new Refused('contains control characters or line breaks');
  if (/\s/.test(text)) throw new Refused('contains spaces; write a space as %20');
  const match = /^postgres(?:ql)?:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?$/i.exec(text);
  if (match === null) throw new Refused('must look like postgresql://user:password@host:port/database');
  const [, authority = '', path = '', query = '', fragment] = match;
  if (fragment !== undefined) throw new Refused('contains a #; in a password, write it as %23');
  if (authority.length + path.length > MAX_LENGTH) throw new Refused('is too long');
  return { authority, path, query };
}

function parseAuthority(authority: string): { user: string; password: string; address: string } {
  const parts = authority.split('@');
  if (parts.length < 2) throw new Refused('names no user: it must begin with postgresql://user:password@');
  if (parts.length > 2) throw new Refused('contains more than one @; in a password, write it as %40');
  const [credentials = '', address = ''] = parts;
  const colon = credentials.indexOf(':');
  const user = decode(colon < 0 ? credentials : credentials.slice(0, colon), 'user');
  const password = colon < 0 ? '' : decode(credentials.slice(colon + 1), 'password');
  if (user === '') throw new Refused('names no user');
  if (Buffer.byteLength(user) > MAX_IDENTIFIER_BYTES) throw new Refused('names a user of more than 63 bytes');
  return { user, password, address };
}

function parseAddress(address: string): { host: string; port: number } {
  if (/^(:[0-9]*)?$/.test(address)) throw new Refused('names no host');
  if (address.includes(',')) throw new Refused('names more than one host');
  if (address.includes('%'))
    throw new Refused('names a socket or an encoded host; only host names and IP addresses are taken');
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(address);
  if (match === null) throw new Refused(MALFORMED_HOST);
  const [, ipv6, name, port] = match;
  return { host: ipv6 === undefined ? parseHostName(name ?? '') : parseIpv6(ipv6), port: parsePort(port) };
}

function parseHostName(name: string): string {
  const host = name.toLowerCase();
  if (!HOST_NAME.test(host)) throw new Refused(MALFORMED_HOST);
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

function parseIpv6(address: string): string {
  if (!isIPv6(address)) throw new Refused('has a malformed IPv6 address');
  return address.toLowerCase();
}

function parsePort(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_PORT;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new Refused('has a port that is not a number from 1 to 65535');
  return port;
}

function parseDatabase(path: string): string {
  const raw = path.startsWith('/') ? path.slice(1) : path;
  if (raw === '') throw new Refused('names no database: it must end with /database');
  if (raw.includes('/')) throw new Refused('has more than a database in its path; write a / in its name as %2F');
  const database = decode(raw, 'database');
  if (Buffer.byteLength(database) > MAX_IDENTIFIER_BYTES) throw new Refused('names a database of more than 63 bytes');
  return database;
}

function parseParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals), 'parameter name');
    if (name !== 'sslmode' && name !== 'sslrootcert') throw new Refused(refusal(name));
    if (parameters.has(name)) throw new Refused(`sets ${name} twice`);
    parameters.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1), name));
  }
  return parameters;
}

function refusal(name: string): string {
  const shown = /^[a-z_]{1,40}$/i.test(name) ? `"${name}"` : 'an unknown parameter';
  const why = REFUSED_PARAMETERS.get(name.toLowerCase());
  return `sets ${shown}, which is not taken${why === undefined ? '' : `: ${why}`}. Only sslmode and sslrootcert are.`;
}

function parseTls(parameters: Map<string, string>): PostgresConnection['tls'] {
  const mode = parameters.get('sslmode') ?? 'verify-full';
  const ca = parameters.get('sslrootcert');
  if (mode === 'prefer' || mode === 'allow') {
    throw new Refused(
      `has sslmode=${mode}, which may end up without encryption; choose verify-full, or disable openly`,
    );
  }
  if (!TLS_MODES.includes(mode)) throw new Refused(`has an unknown sslmode; it can be ${TLS_MODES.join(', ')}`);
  if (ca === undefined) return { mode: mode as TlsMode };
  if (mode === 'disable') throw new Refused('has sslrootcert but sslmode=disable');
  return { mode: mode as TlsMode, ca: parseCertificates(ca) };
}

function parseCertificates(pem: string): string {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) {
    throw new Refused('has a sslrootcert that is not a certificate: write the PEM itself, percent-encoded, not a path');
  }
  for (const certificate of certificates) assertCertificate(certificate);
  return `${certificates.join('\n')}\n`;
}

function assertCertificate(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch {
    throw new Refused('has a sslrootcert that cannot be read as a certificate');
  }
}

function decode(text: string, what: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw new Refused(`has a ${what} with broken percent-encoding; write % itself as %25`);
  }
  // A certificate has line breaks; nothing else may have any.
  if (what !== 'sslrootcert' && CONTROL_CHARACTERS.test(decoded)) {
    throw new Refused(`has a ${what} with control characters`);
  }
  return decoded;
}
