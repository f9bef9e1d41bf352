import { headerNames, KnownError, REQUEST_HEADERS } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import type { Context, Hono } from 'hono';
import type { HttpEnvironment } from '../http/environment.ts';
import type { SessionCookie } from './session-cookie.ts';
import { authenticationOf, findSession } from './sessions.ts';

export type ApiBridgeDependencies = {
  /** The whole HTTP interface, called within the process. */
  api: Hono<HttpEnvironment>;
  database: Database;
  cookie: SessionCookie;
  /** How often it is looked whether the session of an open stream has ended. Default 15,000 ms. */
  sessionCheckMs?: number;
};

const SESSION_CHECK_MS = 15_000;
/** Everything else that a browser sends, its cookies above all, is no business of the API. */
const PASSED_ON = [
  'accept',
  'content-type',
  'content-length',
  'if-none-match',
  'last-event-id',
  'x-forwarded-for',
  'x-request-id',
];
const [PROJECT_HEADER] = headerNames(REQUEST_HEADERS.projectId);

type RequestContext = Context<HttpEnvironment>;

/**
 * Answers a request of the dashboard's pages as the API would answer its session's key. The browser never holds a key:
 * who is asking is handed to the API beside the request, where nothing that comes over the network can put it.
 * An operator names the project that a request is about in the header by which keys do.
 */
export async function callApi(c: RequestContext, dependencies: ApiBridgeDependencies): Promise<Response> {
  const { api, database, cookie, sessionCheckMs = SESSION_CHECK_MS } = dependencies;
  const token = cookie.read(c);
  const session = token === undefined ? undefined : await findSession(database, token);
  if (token === undefined || session === undefined) throw new KnownError('DASHBOARD_SESSION_REQUIRED', {});
  const projectId = c.req.header(PROJECT_HEADER) ?? session.project_id;
  const signedIn = await authenticationOf(database, session, projectId);
  if (signedIn === undefined) throw new KnownError('PROJECT_NOT_FOUND', { project_id: projectId.slice(0, 100) });
  const ended = new AbortController();
  const request = requestFor(c, AbortSignal.any([c.req.raw.signal, ended.signal]));
  const response = await api.fetch(request, { ...c.env, signedIn });
  if (isStream(response)) {
    const check = () => findSession(database, token);
    endWithSession({ ended, gone: c.req.raw.signal, check, everyMs: sessionCheckMs });
  }
  return withoutSharing(response);
}

function requestFor(c: RequestContext, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const name of PASSED_ON) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  const hasBody = !['GET', 'HEAD'].includes(c.req.method) && c.req.raw.body !== null;
  const body = hasBody ? { body: c.req.raw.body, duplex: 'half' as const } : {};
  return new Request(c.req.url, { method: c.req.method, headers, signal, ...body });
}

/** The API lets any site read its answers, since those ask with keys of their own; here the browser adds the session. */
function withoutSharing(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const name of [...headers.keys()]) if (name.startsWith('access-control-')) headers.delete(name);
  headers.set('cross-origin-resource-policy', 'same-origin');
  return new Response(response.body, { status: response.status, headers });
}

function isStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

type OpenStream = {
  /** Aborts the stream. */
  ended: AbortController;
  /** Whoever read it has hung up. */
  gone: AbortSignal;
  /** Resolves to undefined once the session is no longer good. */
  check: () => Promise<unknown>;
  everyMs: number;
};

/** A stream outlives the request that was allowed: whoever is signed out meanwhile must not go on reading. */
function endWithSession({ ended, gone, check, everyMs }: OpenStream): void {
  const timer = setInterval(async () => {
    // When it cannot be asked just now, it is asked again.
    const session = await check().catch(() => 'unknown');
    if (session === undefined) ended.abort();
  }, everyMs);
  timer.unref();
  const stop = () => clearInterval(timer);
  for (const signal of [gone, ended.signal]) signal.addEventListener('abort', stop, { once: true });
}
