/** What only operators load: one file of the build. */
export { AuditLogPage } from './audit-log.tsx';
export { FuseboxPage } from './fusebox.tsx';
export { PipelinePage } from './pipeline.tsx';
export { ProjectsPage } from './projects.tsx';
