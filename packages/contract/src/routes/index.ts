export * from './api-keys.ts';
export * from './config.ts';
export * from './contact-channels.ts';
export * from './health.ts';
export * from './projects.ts';
export * from './team-members.ts';
export * from './teams.ts';
export * from './users.ts';
