import type { QueryClient } from '@tanstack/react-query';
import { createRoute, createRouter, redirect } from '@tanstack/react-router';
import { Loading } from '../components/feedback.tsx';
import { Page } from '../components/layout.tsx';
import { sessionQuery } from '../lib/session.ts';
import { SignInPage } from '../pages/sign-in.tsx';
import { NotFoundPage, PageError } from './failure-pages.tsx';
import { operatorRoutes } from './operator-routes.tsx';
import { projectRoutes } from './project-routes.tsx';
import { type RouterContext, rootRoute, signedInRoute } from './root-routes.tsx';

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { to?: string } => (isOwnPath(search.to) ? { to: search.to } : {}),
  component: SignInPage,
});

/** Where one begins: operators with all projects, others with their own. */
const homeRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (session?.is_operator) throw redirect({ to: '/projects', replace: true });
    throw redirect({ to: '/projects/$projectId', params: { projectId: session?.project_id ?? '' }, replace: true });
  },
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  signedInRoute.addChildren([homeRoute, ...operatorRoutes, ...projectRoutes]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient } satisfies RouterContext,
    defaultNotFoundComponent: NotFoundPage,
    defaultErrorComponent: PageError,
    defaultPendingComponent: PendingPage,
    defaultPreload: 'intent',
    scrollRestoration: false,
  });
}

function PendingPage() {
  return (
    <Page title="Loading …">
      <Loading label="The page is being loaded" />
    </Page>
  );
}

/** After the sign-in one is sent back to where one was, and never to another site. */
function isOwnPath(path: unknown): path is string {
  return typeof path === 'string' && /^\/(?![/\\])/.test(path);
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
