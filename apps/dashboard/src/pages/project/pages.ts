/** What is loaded with the first page about a project: one file of the build. */
export { ProjectAuditLogPage } from './audit-log.tsx';
export { AddDatabasePage } from './databases/add-database.tsx';
export { DatabasePage } from './databases/database.tsx';
export { EditDatabasePage } from './databases/edit-database.tsx';
export { ExternalDatabasesPage } from './databases/list.tsx';
export { KeysPage } from './keys.tsx';
export { TeamPage } from './people/team.tsx';
export { TeamsPage } from './people/teams.tsx';
export { UserPage } from './people/user.tsx';
export { UsersPage } from './people/users.tsx';
export { SettingsPage } from './settings.tsx';
