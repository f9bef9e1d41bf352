import { createRoute } from '@tanstack/react-router';
import { AuditLogPage } from '../pages/operator/audit-log.tsx';
import { FuseboxPage } from '../pages/operator/fusebox.tsx';
import { PipelinePage } from '../pages/operator/pipeline.tsx';
import { ProjectsPage, STATE_FILTERS, type StateFilter } from '../pages/operator/projects.tsx';
import { signedInRoute } from './root-routes.tsx';

const getParentRoute = () => signedInRoute;

/** Pages for whoever runs the server: about all projects. */
export const operatorRoutes = [
  createRoute({ getParentRoute, path: '/projects', component: ProjectsPage, validateSearch: readProjectSearch }),
  createRoute({ getParentRoute, path: '/pipeline', component: PipelinePage }),
  createRoute({ getParentRoute, path: '/fusebox', component: FuseboxPage }),
  createRoute({ getParentRoute, path: '/audit-log', component: AuditLogPage }),
] as const;

/** What is looked for stays in the address, so that it can be sent to somebody and gone back to. */
function readProjectSearch({ state, q }: Record<string, unknown>): { state?: StateFilter; q?: string } {
  const known = STATE_FILTERS.find((filter) => filter === state);
  return { ...(known && { state: known }), ...(typeof q === 'string' && q !== '' && { q }) };
}
