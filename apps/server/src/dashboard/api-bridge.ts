import { headerNames, KnownError, REQUEST_HEADERS } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import type { Context, Hono } from 'hono';
import type { HttpEnvironment } from '../http/environment.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { SessionStreams } from './session-streams.ts';
import { authenticationOf, findSession } from './sessions.ts';

export type ApiBridgeDependencies = {
  /** The whole HTTP interface, called within the process. */
  api: Hono<HttpEnvironment>;
  database: Database;
  cookie: SessionCookie;
  streams: SessionStreams;
};

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
  const { api, database, cookie, streams } = dependencies;
  const token = cookie.read(c);
  const session = token === undefined ? undefined : await findSession(database, token);
  if (token === undefined || session === undefined) throw new KnownError('DASHBOARD_SESSION_REQUIRED', {});
  const projectId = c.req.header(PROJECT_HEADER) ?? session.project_id;
  const signedIn = await authenticationOf(database, session, projectId);
  if (signedIn === undefined) throw new KnownError('PROJECT_NOT_FOUND', { project_id: projectId.slice(0, 100) });
  const response = await api.fetch(requestFor(c), { ...c.env, signedIn });
  if (response.body === null || !isStream(response)) return withoutSharing(response, response.body);
  return withoutSharing(response, streams.whileSignedIn(token, response.body));
}

function requestFor(c: RequestContext): Request {
  const headers = new Headers();
  for (const name of PASSED_ON) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  const hasBody = !['GET', 'HEAD'].includes(c.req.method) && c.req.raw.body !== null;
  const body = hasBody ? { body: c.req.raw.body, duplex: 'half' as const } : {};
  return new Request(c.req.url, { method: c.req.method, headers, signal: c.req.raw.signal, ...body });
}

/** The API lets any site read its answers, since those ask with keys of their own; here the browser adds the session. */
function withoutSharing(response: Response, body: Response['body']): Response {
  const headers = new Headers(response.headers);
  for (const name of [...headers.keys()]) if (name.startsWith('access-control-')) headers.delete(name);
  headers.set('cross-origin-resource-policy', 'same-origin');
  return new Response(body, { status: response.status, headers });
}

function isStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}
