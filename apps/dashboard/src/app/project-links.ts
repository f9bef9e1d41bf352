/** The pages about one project, in the order of the navigation. */
export const PROJECT_LINKS = [
  { to: '/projects/$projectId', icon: 'database', label: 'External databases' },
  { to: '/projects/$projectId/users', icon: 'user', label: 'Users' },
  { to: '/projects/$projectId/teams', icon: 'team', label: 'Teams' },
  { to: '/projects/$projectId/keys', icon: 'key', label: 'API keys' },
  { to: '/projects/$projectId/audit-log', icon: 'log', label: 'Audit log' },
  { to: '/projects/$projectId/settings', icon: 'settings', label: 'Settings' },
] as const;
