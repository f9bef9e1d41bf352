export { headerNames, REQUEST_HEADERS, RESPONSE_HEADERS } from './headers.ts';
export {
  KNOWN_ERRORS,
  KnownError,
  type KnownErrorCode,
  type KnownErrorDescription,
  type KnownErrorDetails,
  schemaError,
} from './known-errors.ts';
export { ALL_ROUTES, type OpenApiDocument, openApiDocument } from './openapi.ts';
export {
  type Access,
  type AnyRoute,
  errorsOf,
  type RouteInput,
  type RouteReply,
  type RouteRequest,
  type RouteStep,
} from './route.ts';
export * as dashboardRoutes from './routes/dashboard.ts';
export * as routes from './routes/index.ts';
export * as streamRoutes from './routes/status-stream.ts';
export * as syncRoutes from './routes/sync-pipeline.ts';
export type * from './schemas/api-keys.ts';
export type * from './schemas/audit.ts';
export { AUDIT_ACTIONS } from './schemas/audit.ts';
export type * from './schemas/connection-test.ts';
export type * from './schemas/contact-channels.ts';
export type * from './schemas/controls.ts';
export type * from './schemas/dashboard-session.ts';
export type * from './schemas/mappings.ts';
export type * from './schemas/profile.ts';
export type * from './schemas/projects.ts';
export type * from './schemas/status.ts';
export type * from './schemas/team-members.ts';
export type * from './schemas/teams.ts';
export type * from './schemas/users.ts';
export type * from './schemas/verification.ts';
