import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { STATE_FILTERS, type StateFilter } from '../lib/project-list.ts';
import { signedInRoute } from './root-routes.tsx';

const getParentRoute = () => signedInRoute;
const pages = () => import('../pages/operator/pages.ts');

/** Pages for whoever runs the server: about all projects. */
export const operatorRoutes = [
  createRoute({
    getParentRoute,
    path: '/projects',
    component: lazyRouteComponent(pages, 'ProjectsPage'),
    validateSearch: readProjectSearch,
  }),
  createRoute({ getParentRoute, path: '/pipeline', component: lazyRouteComponent(pages, 'PipelinePage') }),
  createRoute({ getParentRoute, path: '/fusebox', component: lazyRouteComponent(pages, 'FuseboxPage') }),
  createRoute({ getParentRoute, path: '/audit-log', component: lazyRouteComponent(pages, 'AuditLogPage') }),
] as const;

/** What is looked for stays in the address, so that it can be sent to somebody and gone back to. */
function readProjectSearch({ state, q }: Record<string, unknown>): { state?: StateFilter; q?: string } {
  const known = STATE_FILTERS.find((filter) => filter === state);
  return { ...(known && { state: known }), ...(typeof q === 'string' && q !== '' && { q }) };
}
