import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';
import { dashboardLinkSignIn, dashboardSession, dashboardSignIn } from '../schemas/dashboard-session.ts';
import { deleted } from '../schemas/fields.ts';

/**
 * What the dashboard's own server offers to its pages, and to nobody else: no part of the API, so at its root and not in
 * the OpenAPI document.
 */
const tag = 'Dashboard';
const path = '/session';

export const signIn = defineRoute({
  method: 'post',
  path,
  access: 'public',
  tag,
  summary: 'Sign in with an admin key',
  body: dashboardSignIn,
  status: 201,
  reply: dashboardSession,
  errors: ['INVALID_SUPER_SECRET_ADMIN_KEY'],
});

export const signInByLink = defineRoute({
  method: 'post',
  path: `${path}/link`,
  access: 'public',
  tag,
  summary: 'Sign in with the link that a development server prints',
  body: dashboardLinkSignIn,
  status: 201,
  reply: dashboardSession,
  errors: ['SIGN_IN_LINK_INVALID'],
});

export const getSession = defineRoute({
  method: 'get',
  path,
  access: 'public',
  tag,
  summary: 'Get who is signed in',
  status: 200,
  reply: z.object({ session: dashboardSession.nullable() }),
  errors: [],
});

export const useSession = defineRoute({
  method: 'post',
  path: `${path}/use`,
  access: 'public',
  tag,
  summary: 'Say that a person uses the session, which lets it go on',
  status: 200,
  reply: deleted,
  errors: ['DASHBOARD_SESSION_REQUIRED'],
});

export const signOut = defineRoute({
  method: 'delete',
  path,
  access: 'public',
  tag,
  summary: 'Sign out',
  status: 200,
  reply: deleted,
  errors: [],
});
