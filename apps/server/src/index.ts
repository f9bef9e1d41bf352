export { createDashboardApp } from './dashboard/create-dashboard-app.ts';
export { createSignInLinks } from './dashboard/sign-in-links.ts';
export { createDemoApi, type DemoApi } from './demo/demo-api.ts';
export { DEMO_STATEMENT, type DemoDatabase, describeDemoDatabase, ensureDemoDatabase } from './demo/demo-database.ts';
export { registerDemoDatabase } from './demo/register.ts';
export { type RotateOptions, rotateSecrets } from './emulator/rotate.ts';
export { completeSecrets, EMULATOR_SECRETS, type EmulatorSecrets } from './emulator/secrets.ts';
export { ensureSecrets, readSecrets, secretsFileOf } from './emulator/secrets-file.ts';
export { type ConnectionCipher, createConnectionCipher } from './external-databases/connection-cipher.ts';
export { createExternalDatabaseStore, reencryptConnections } from './external-databases/postgres-store.ts';
export type { ExternalDatabaseKey, ExternalDatabaseStore, ShownExternalDatabase } from './external-databases/store.ts';
export type { Api } from './http/api.ts';
export { createHttpApp, type HttpAppDependencies } from './http/create-http-app.ts';
export type { HttpConfig, HttpEnvironment, HttpServices } from './http/environment.ts';
export { DEFAULT_RATE_LIMITS, type RateLimit, type RateLimits } from './http/rate-limits.ts';
export {
  DEMO_PROJECT_ID,
  loadDevelopmentKeys,
  makeProjectKeys,
  type ProjectKeys,
  type SeededKeys,
} from './seed/key-file.ts';
export { seedDevelopment, seedInternalProject } from './seed/seed.ts';
export { generateKey } from './services/keys.ts';
export { mappingCatalogueOf } from './services/mapping-catalogue.ts';
export { createStatusReader, type StatusReader } from './services/status.ts';
export { checkInternalDatabase, createInternalDatabase } from './start/internal-database.ts';
export { type Ports, portsOf } from './start/ports.ts';
export { run as runServer } from './start/run.ts';
export { developmentSecrets } from './start/secrets.ts';
export { whenNpmEnds } from './start/stop-signals.ts';
export { SYNC_ENGINE_PATH, type SyncConfig } from './sync/config.ts';
export { type ConnectionTester, createConnectionTester } from './sync/connection-tester.ts';
export { createSync, type Sync } from './sync/pipeline.ts';
export { createSyncProfiler } from './sync/profiler.ts';
export { SYNC_ROUTES_PATH } from './sync/routes.ts';
export { METRICS, type MetricDeclaration, PROCESS_METRICS } from './telemetry/declarations.ts';
export { startTelemetry, type Telemetry } from './telemetry/start-telemetry.ts';
export { VERSION } from './version.ts';
