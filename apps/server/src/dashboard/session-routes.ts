import { type AnyRoute, dashboardRoutes, KnownError, type RouteInput, type RouteReply } from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import { type Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { clientAddress } from '../http/client-address.ts';
import type { HttpEnvironment } from '../http/environment.ts';
import { createRateLimiter, type RateLimiter } from '../http/rate-limits.ts';
import { readInput } from '../http/request-input.ts';
import { authenticate } from '../services/authentication.ts';
import { hashKey, isWellFormedKey } from '../services/keys.ts';
import { INTERNAL_PROJECT_ID, MAIN_BRANCH_ID } from '../services/projects.ts';
import { recordFailedSignIn, recordSignIn, recordSignOut, type SignInMeans } from '../services/sign-in-audit.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { SessionStreams } from './session-streams.ts';
import {
  actorOf,
  beginSession,
  endSession,
  findSession,
  type LiveSession,
  noteUse,
  type SessionOwner,
} from './sessions.ts';
import type { SignInLinks } from './sign-in-links.ts';

export type SessionRoutesDependencies = {
  database: Database;
  cookie: SessionCookie;
  links: SignInLinks;
  streams: SessionStreams;
  trustedProxies: number;
};

type RequestContext = Context<HttpEnvironment>;

/** From one address. People mistype; programs guess. Successes count as well: each writes a row. */
const SIGN_INS = { requests: 30, seconds: 60 };

/** Signing in and out, at the root of the dashboard's server. */
export function sessionRoutes(dependencies: SessionRoutesDependencies): Hono<HttpEnvironment> {
  const { database, cookie, links } = dependencies;
  const app = new Hono<HttpEnvironment>();
  const limiter = createRateLimiter({ failedAuthentication: SIGN_INS });

  bind(app, dashboardRoutes.signIn, async (c, { body }) => {
    const address = await countSignIn(c, limiter, dependencies);
    const owner = await ownerOfKey(database, body.project_id, body.super_secret_admin_key);
    if (owner !== undefined) return await begin(c, dependencies, owner, { by: 'key', address });
    const failed = { by: 'key', address, cause: 'wrong_key' } as const;
    await recordFailedSignIn(database, c.get('requestId'), body.project_id, failed);
    throw new KnownError('INVALID_SUPER_SECRET_ADMIN_KEY', { project_id: body.project_id });
  });
  bind(app, dashboardRoutes.signInByLink, async (c, { body }) => {
    const address = await countSignIn(c, limiter, dependencies);
    const owner = links.redeem(body.token);
    if (owner !== undefined) return await begin(c, dependencies, owner, { by: 'link', address });
    const failed = { by: 'link', address, cause: 'link_not_valid' } as const;
    await recordFailedSignIn(database, c.get('requestId'), undefined, failed);
    throw new KnownError('SIGN_IN_LINK_INVALID', {});
  });
  bind(app, dashboardRoutes.getSession, async (c) => {
    const token = cookie.read(c);
    const session = token === undefined ? undefined : await findSession(database, token);
    if (session === undefined && token !== undefined) cookie.clear(c);
    return { session: session === undefined ? null : shown(session) };
  });
  bind(app, dashboardRoutes.useSession, async (c) => {
    const token = cookie.read(c);
    const session = token && (await findSession(database, token));
    if (!token || !session) throw new KnownError('DASHBOARD_SESSION_REQUIRED', {});
    await noteUse(database, token);
    return { success: true as const };
  });
  bind(app, dashboardRoutes.signOut, async (c) => {
    const token = cookie.read(c);
    if (token !== undefined) await signOut(c, dependencies, token);
    cookie.clear(c);
    return { success: true as const };
  });
  return app;
}

function bind<R extends AnyRoute>(
  app: Hono<HttpEnvironment>,
  route: R,
  handle: (c: RequestContext, input: RouteInput<R>) => Promise<RouteReply<R>>,
): void {
  const method = route.method.toUpperCase();
  app.on(method, route.path, async (c) => {
    c.get('facts').route = `${method} ${route.path}`;
    // Checked with the route's own schemas, which is what the type says.
    const reply = await handle(c, (await readInput(c, route)) as RouteInput<R>);
    return c.json(reply as object, route.status as ContentfulStatusCode);
  });
}

async function countSignIn(
  c: RequestContext,
  limiter: RateLimiter,
  { trustedProxies }: SessionRoutesDependencies,
): Promise<string> {
  const address = clientAddress(c, trustedProxies);
  await limiter.count('failedAuthentication', address);
  return address;
}

/** No difference between a project that is not there and a key that is wrong: nobody learns which projects there are. */
async function ownerOfKey(database: Database, projectId: string, key: string): Promise<SessionOwner | undefined> {
  if (!isWellFormedKey('admin', key, projectId === INTERNAL_PROJECT_ID)) return undefined;
  const result = await authenticate(database, {
    projectId,
    branchId: MAIN_BRANCH_ID,
    access: 'admin',
    key: { kind: 'admin', value: key },
  });
  if (result.outcome !== 'authenticated') return undefined;
  return { projectId, keySetId: result.authentication.keySetId, keyHash: hashKey(key) };
}

/** A session that the browser had before ends: nobody takes over what somebody else has begun. */
async function begin(
  c: RequestContext,
  { database, cookie, streams }: SessionRoutesDependencies,
  owner: SessionOwner,
  signIn: { by: SignInMeans; address: string },
): Promise<RouteReply<typeof dashboardRoutes.signIn>> {
  const previous = cookie.read(c);
  if (previous !== undefined) await endSession(database, previous).then(() => streams.end(previous));
  const token = await beginSession(database, owner);
  const session = await findSession(database, token);
  if (session === undefined) throw new KnownError('DASHBOARD_SESSION_REQUIRED', {});
  await recordSignIn(database, { actor: actorOf(session), requestId: c.get('requestId') }, owner.projectId, signIn);
  cookie.set(c, token);
  Object.assign(c.get('facts'), { project_id: owner.projectId, key_set_id: owner.keySetId, access: 'admin' });
  return shown(session);
}

/** A session that has ended by itself is nobody's to sign out of. */
async function signOut(
  c: RequestContext,
  { database, streams }: SessionRoutesDependencies,
  token: string,
): Promise<void> {
  const session = await findSession(database, token);
  await database.transaction(async (tx) => {
    await endSession(tx, token);
    if (session === undefined) return;
    await recordSignOut(tx, { actor: actorOf(session), requestId: c.get('requestId') }, session.project_id);
  });
  streams.end(token);
}

function shown({
  keySetId: _keySetId,
  keyHint: _keyHint,
  ...session
}: LiveSession): RouteReply<typeof dashboardRoutes.signIn> {
  return session;
}
