import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedInRoute } from './root-routes.tsx';

const getParentRoute = () => signedInRoute;
const pages = () => import('../pages/project/pages.ts');
const profile = () => import('../pages/project/profile/profile.tsx');

const PROJECT = '/projects/$projectId';
const DATABASE = `${PROJECT}/databases/$databaseId` as const;

/** Pages about one project: for its owner, and for operators. */
export const projectRoutes = [
  createRoute({ getParentRoute, path: PROJECT, component: lazyRouteComponent(pages, 'ExternalDatabasesPage') }),
  createRoute({
    getParentRoute,
    path: `${PROJECT}/add-database`,
    component: lazyRouteComponent(pages, 'AddDatabasePage'),
  }),
  createRoute({ getParentRoute, path: DATABASE, component: lazyRouteComponent(pages, 'DatabasePage') }),
  createRoute({ getParentRoute, path: `${DATABASE}/edit`, component: lazyRouteComponent(pages, 'EditDatabasePage') }),
  createRoute({ getParentRoute, path: `${DATABASE}/profile`, component: lazyRouteComponent(profile, 'ProfilePage') }),
  createRoute({ getParentRoute, path: `${PROJECT}/users`, component: lazyRouteComponent(pages, 'UsersPage') }),
  createRoute({ getParentRoute, path: `${PROJECT}/users/$userId`, component: lazyRouteComponent(pages, 'UserPage') }),
  createRoute({ getParentRoute, path: `${PROJECT}/teams`, component: lazyRouteComponent(pages, 'TeamsPage') }),
  createRoute({ getParentRoute, path: `${PROJECT}/teams/$teamId`, component: lazyRouteComponent(pages, 'TeamPage') }),
  createRoute({ getParentRoute, path: `${PROJECT}/keys`, component: lazyRouteComponent(pages, 'KeysPage') }),
  createRoute({
    getParentRoute,
    path: `${PROJECT}/audit-log`,
    component: lazyRouteComponent(pages, 'ProjectAuditLogPage'),
  }),
  createRoute({ getParentRoute, path: `${PROJECT}/settings`, component: lazyRouteComponent(pages, 'SettingsPage') }),
] as const;
