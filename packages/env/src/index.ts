export { bundleDefinitions } from './bundle.ts';
export { type App, CATALOGUES, type DeclaredVariable, everyVariable } from './catalogue/index.ts';
export { SDK_CATALOGUE } from './catalogue/sdk.ts';
export { CATALOGUE, type Environment } from './catalogue/server.ts';
export { TEST_CATALOGUE } from './catalogue/tests.ts';
export { CLI_CATALOGUE, type CliEnvironment } from './catalogue/tools.ts';
export { checkEnvFiles, type EnvCheck } from './check/check.ts';
export type { Finding, FindingCode } from './check/findings.ts';
export { type FileConflict, type LineChange, type Migration, migrateEnvFile } from './check/migrate.ts';
export type { Explanation } from './check/report.ts';
export { type Choice, choose, type Flavour, isBlank, type Source } from './choose.ts';
export { envFileNames, type Layer, mergeLayers, readLayers } from './files.ts';
export { type LoadOptions, loadEnvironment, loadSource } from './load.ts';
export { boolean, fraction, integer, list, oneOf, type Parser, text, url } from './parsers.ts';
export { currentEnvironment, environmentForChild, forgetDriverDefaults, isRunByNpm } from './process.ts';
export { getEnvBoolean, getEnvVariable, type ReadOptions } from './read.ts';
export { describeConflict, invalidEnvironment, resolveEnvironment } from './resolve.ts';
export { isSentinel, replaceSentinels, sentinelOf } from './sentinel.ts';
export { canonicalName, FRONTS, type Front, type Spellings, spellingsOf } from './spelling.ts';
export {
  always,
  type Catalogue,
  type Mode,
  namesOf,
  optional,
  type Prefix,
  type Resolved,
  type Variable,
  withDefault,
} from './variable.ts';
