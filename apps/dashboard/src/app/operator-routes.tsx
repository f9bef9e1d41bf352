import { createRoute } from '@tanstack/react-router';
import { AuditLogPage } from '../pages/operator/audit-log.tsx';
import { FuseboxPage } from '../pages/operator/fusebox.tsx';
import { PipelinePage } from '../pages/operator/pipeline.tsx';
import { ProjectsPage } from '../pages/operator/projects.tsx';
import { signedInRoute } from './root-routes.tsx';

const getParentRoute = () => signedInRoute;

/** Pages for whoever runs the server: about all projects. */
export const operatorRoutes = [
  createRoute({ getParentRoute, path: '/projects', component: ProjectsPage }),
  createRoute({ getParentRoute, path: '/pipeline', component: PipelinePage }),
  createRoute({ getParentRoute, path: '/fusebox', component: FuseboxPage }),
  createRoute({ getParentRoute, path: '/audit-log', component: AuditLogPage }),
] as const;
