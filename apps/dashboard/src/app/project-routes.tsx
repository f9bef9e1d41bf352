import { createRoute } from '@tanstack/react-router';
import { ProjectAuditLogPage } from '../pages/project/audit-log.tsx';
import { ExternalDatabasesPage } from '../pages/project/external-databases.tsx';
import { KeysPage } from '../pages/project/keys.tsx';
import { SettingsPage } from '../pages/project/settings.tsx';
import { signedInRoute } from './root-routes.tsx';

const getParentRoute = () => signedInRoute;

/** Pages about one project: for its owner, and for operators. */
export const projectRoutes = [
  createRoute({ getParentRoute, path: '/projects/$projectId', component: ExternalDatabasesPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/keys', component: KeysPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/audit-log', component: ProjectAuditLogPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/settings', component: SettingsPage }),
] as const;
