export {
  type ConnectionDisplay,
  type ConnectionStringResult,
  displayOf,
  type PostgresConnection,
  parseConnectionString,
  type TlsMode,
} from './connection-string.ts';
export { DEFAULT_SCHEMA, EXTERNAL_DATABASE_ID, type ExternalDatabaseConfig } from './external-database.ts';
export type { MappingCatalogue } from './mapping-catalogue.ts';
export { applyOverride, type ConfigDocument, isObject, type OverrideResult } from './override.ts';
export {
  type ConfigIssue,
  type ConfigResult,
  type ProjectConfig,
  parseProjectConfig,
  projectConfigJsonSchema,
} from './project-config.ts';
