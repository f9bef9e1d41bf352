export {
  type ConnectionDisplay,
  type ConnectionStringResult,
  displayOf,
  type PostgresConnection,
  parseConnectionString,
  type TlsMode,
} from './connection-string.ts';
export { CONNECTION_STEPS, type ConnectionStepName, SCHEMA_STATES, type SchemaState } from './connection-test.ts';
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
export {
  PROFILE_COMPARED,
  PROFILE_FINDINGS,
  PROFILE_MEASURE_NAMES,
  PROFILE_MEASURES,
  PROFILE_NOISE,
  PROFILE_SKIP_REASONS,
  PROFILE_UNITS,
  PROFILE_VERDICTS,
  PROFILED_STATEMENT_NAMES,
  PROFILED_STATEMENTS,
  type ProfileComparedMeasure,
  type ProfiledOn,
  type ProfiledStatement,
  type ProfileFindingCode,
  type ProfileMeasure,
  type ProfileSkipReason,
  type ProfileUnit,
  type ProfileVerdict,
} from './query-profile.ts';
