import { misconfigured } from './errors.ts';
import { env } from './generated/env.ts';

/** Who may do what: `client` may be known to browsers, `server` to backends, `admin` to the project's owner. */
export type Access = 'client' | 'server' | 'admin';

export type Keys = {
  /** `pck_…` */
  publishableClientKey?: string;
  /** `ssk_…`: for backends only. */
  secretServerKey?: string;
  /** `sak_…`: for the project's owner only. */
  superSecretAdminKey?: string;
};

export type ClientOptions = {
  /**
   * Where the server's API is, without `/api`: `https://hexclave.example.com`. Default: what
   * `NEXT_PUBLIC_HEXCLAVE_API_URL` says, or one of its siblings for browsers, servers and Vite.
   */
  baseUrl?: string;
  /** Default: `HEXCLAVE_PROJECT_ID`, or its sibling for browsers. */
  projectId?: string;
  /**
   * Requests are sent with the strongest one. Default: `HEXCLAVE_SECRET_SERVER_KEY`, or else
   * `NEXT_PUBLIC_HEXCLAVE_PUBLISHABLE_CLIENT_KEY`. Empty: for a `fetch` of your own that adds what is needed.
   */
  keys?: Keys;
  /** Another branch than `main`. */
  branchId?: string;
  /** What the audit log names beside the key. Default `api`. */
  origin?: 'api' | 'dashboard' | 'cli';
  /** How long one attempt may take, its answer included. Default 30,000 ms. */
  timeoutMs?: number;
  /** How often a request is sent at most, where sending it again does no harm. Default 3. */
  maxAttempts?: number;
  /** Instead of the global one. */
  fetch?: typeof fetch;
};

/** What requests are sent with. */
export type Settings = {
  /** With the path of the API, without a slash at its end. */
  readonly apiUrl: string;
  /** For messages: no path, no credentials. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly fetch: typeof fetch;
};

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_ATTEMPTS = 3;
/** What a header can carry. Checked here, because the error of `fetch` would quote the key. */
const HEADER_VALUE = /^[\x21-\x7e]+$/;

/** @throws {HexclaveError} CLIENT_MISCONFIGURED, which names the option and shows no key */
export function settingsOf(options: ClientOptions): Settings {
  const url = baseUrlOf(options.baseUrl ?? addressFromEnvironment());
  return {
    apiUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}/api/v1`,
    server: url.origin,
    headers: headersOf({ ...options, ...identityOf(options) }),
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxAttempts: options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    // Looked up at each call, so that one that is replaced later is used, and bound, as browsers demand.
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
  };
}

/** An address for the side that this runs on comes before the one for both. */
function addressFromEnvironment(): string {
  const ownSide = isBrowser() ? env.browserApiUrl : (env.serverApiUrl ?? env.backendApiUrl);
  const address = ownSide ?? env.apiUrl ?? env.viteApiUrl;
  if (address !== undefined) return address;
  throw misconfigured('The client has no baseUrl.', 'Pass it, or set NEXT_PUBLIC_HEXCLAVE_API_URL.');
}

function identityOf({ projectId, keys }: ClientOptions): { projectId: string; keys: Keys } {
  const id = projectId ?? env.projectId ?? env.publicProjectId ?? env.viteProjectId;
  if (id === undefined) throw misconfigured('The client has no projectId.', 'Pass it, or set HEXCLAVE_PROJECT_ID.');
  return { projectId: id, keys: keys ?? keysFromEnvironment() };
}

/** The admin key is never taken unasked: an app does with less. */
function keysFromEnvironment(): Keys {
  const publishableClientKey = env.publishableClientKey ?? env.vitePublishableClientKey;
  return isBrowser() ? { publishableClientKey } : { publishableClientKey, secretServerKey: env.secretServerKey };
}

function isBrowser(): boolean {
  return 'window' in globalThis;
}

function baseUrlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw misconfigured(
    'The client’s baseUrl is not an http(s) address without user name and password.',
    'Pass the address of the server’s API, for example https://hexclave.example.com.',
  );
}

function headersOf({ projectId, branchId, origin, keys = {} }: ClientOptions): Record<string, string> {
  const access = strongest(keys);
  const headers = {
    'project-id': ['projectId', projectId],
    'branch-id': ['branchId', branchId],
    'publishable-client-key': [
      'keys.publishableClientKey',
      access === 'client' ? keys.publishableClientKey : undefined,
    ],
    'secret-server-key': ['keys.secretServerKey', access === 'server' ? keys.secretServerKey : undefined],
    'super-secret-admin-key': ['keys.superSecretAdminKey', access === 'admin' ? keys.superSecretAdminKey : undefined],
    'access-type': ['access', access],
    origin: ['origin', origin],
  } as const;
  return Object.fromEntries(
    Object.entries(headers).flatMap(([header, [option, value]]) =>
      value === undefined ? [] : [[`x-hexclave-${header}`, headerValue(option, value)]],
    ),
  );
}

function strongest(keys: Keys): Access | undefined {
  if (keys.superSecretAdminKey !== undefined) return 'admin';
  if (keys.secretServerKey !== undefined) return 'server';
  return keys.publishableClientKey === undefined ? undefined : 'client';
}

function headerValue(option: string, value: string): string {
  if (HEADER_VALUE.test(value)) return value;
  throw misconfigured(
    `The client’s ${option} is empty, or has spaces, line breaks or other characters that do not belong there.`,
    'Pass it as it was shown when it was created. A line break at its end often comes from reading a file.',
  );
}
