import { createRoute } from '@tanstack/react-router';
import { ProjectAuditLogPage } from '../pages/project/audit-log.tsx';
import { AddDatabasePage } from '../pages/project/databases/add-database.tsx';
import { DatabasePage } from '../pages/project/databases/database.tsx';
import { EditDatabasePage } from '../pages/project/databases/edit-database.tsx';
import { ExternalDatabasesPage } from '../pages/project/databases/list.tsx';
import { KeysPage } from '../pages/project/keys.tsx';
import { TeamPage } from '../pages/project/people/team.tsx';
import { TeamsPage } from '../pages/project/people/teams.tsx';
import { UserPage } from '../pages/project/people/user.tsx';
import { UsersPage } from '../pages/project/people/users.tsx';
import { ProfilePage } from '../pages/project/profile/profile.tsx';
import { SettingsPage } from '../pages/project/settings.tsx';
import { signedInRoute } from './root-routes.tsx';

const getParentRoute = () => signedInRoute;

/** Pages about one project: for its owner, and for operators. */
export const projectRoutes = [
  createRoute({ getParentRoute, path: '/projects/$projectId', component: ExternalDatabasesPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/add-database', component: AddDatabasePage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/databases/$databaseId', component: DatabasePage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/databases/$databaseId/edit', component: EditDatabasePage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/databases/$databaseId/profile', component: ProfilePage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/users', component: UsersPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/users/$userId', component: UserPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/teams', component: TeamsPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/teams/$teamId', component: TeamPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/keys', component: KeysPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/audit-log', component: ProjectAuditLogPage }),
  createRoute({ getParentRoute, path: '/projects/$projectId/settings', component: SettingsPage }),
] as const;
