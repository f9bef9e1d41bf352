import { resolve } from 'node:path';
import { CLI_CATALOGUE, type CliEnvironment, loadEnvironment } from '@hexclave/env';
import { type ConfigFile, defaultConfigPath, readConfigFile, type StoredKeys } from './config-file.ts';
import { type DevelopmentKeys, readDevelopmentKeys } from './development-keys.ts';

/** The project that administers the others. */
export const INTERNAL_PROJECT_ID = 'internal';

/** Options that every command takes. */
export type GlobalOptions = { readonly json: boolean; readonly project?: string; readonly apiUrl?: string };

/** Where a setting came from, for `doctor` and for messages. */
export type Origin = 'option' | 'environment' | 'configuration file' | 'development server' | 'default';
export type Setting<T> = { readonly value: T; readonly origin: Origin };

/** Where and who: options first, then the environment, the configuration file, and a development server's files. */
export type Settings = {
  readonly apiUrl: Setting<string>;
  readonly dashboardUrl: string;
  readonly projectId: Setting<string> | undefined;
  readonly configPath: string;
  readonly configFile: ConfigFile;
  readonly dataDirectory: string;
  readonly environment: CliEnvironment;
  keysOf(projectId: string): StoredKeys;
};

type Source = Readonly<Record<string, string | undefined>>;

/** @throws {HexclaveError} ENVIRONMENT_INVALID @throws {Problem} about the configuration file */
export async function readSettings(options: GlobalOptions, source: Source): Promise<Settings> {
  const environment = loadEnvironment(CLI_CATALOGUE, { environment: source });
  const configPath = environment.cliConfigPath ?? defaultConfigPath(source);
  const configFile = await readConfigFile(configPath);
  const dataDirectory = resolve(environment.dataDirectory);
  const apiUrl = apiUrlOf(options, environment, configFile);
  // Keys of this machine's own server are sent to no other.
  const development = isLocal(apiUrl.value, environment.portPrefix)
    ? await readDevelopmentKeys(dataDirectory)
    : undefined;
  const projectId = projectIdOf(options, environment, configFile, development);
  return {
    apiUrl,
    dashboardUrl:
      environment.dashboardUrl ?? environment.publicDashboardUrl ?? `http://localhost:${environment.portPrefix}01`,
    projectId,
    configPath,
    configFile,
    dataDirectory,
    environment,
    keysOf: (id) => keysOf(id, { environment, configFile, development }),
  };
}

function apiUrlOf(options: GlobalOptions, environment: CliEnvironment, file: ConfigFile): Setting<string> {
  return (
    setting(options.apiUrl, 'option') ??
    setting(environment.apiUrl ?? environment.publicApiUrl, 'environment') ??
    setting(file.apiUrl, 'configuration file') ?? {
      value: `http://localhost:${environment.portPrefix}02`,
      origin: 'default',
    }
  );
}

function isLocal(apiUrl: string, portPrefix: number): boolean {
  const { hostname, port } = new URL(apiUrl);
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname) && port === `${portPrefix}02`;
}

function projectIdOf(
  options: GlobalOptions,
  environment: CliEnvironment,
  file: ConfigFile,
  development: DevelopmentKeys | undefined,
): Setting<string> | undefined {
  return (
    setting(options.project, 'option') ??
    setting(environment.projectId, 'environment') ??
    setting(file.projectId, 'configuration file') ??
    setting(development?.demoProjectId, 'development server')
  );
}

function setting<T>(value: T | undefined, origin: Origin): Setting<T> | undefined {
  return value === undefined ? undefined : { value, origin };
}

type KeySources = {
  environment: CliEnvironment;
  configFile: ConfigFile;
  development: DevelopmentKeys | undefined;
};

/** Keys of the environment are those of the project that the environment names, or of whichever one is meant. */
function keysOf(id: string, { environment, configFile, development }: KeySources): StoredKeys {
  const fromEnvironment = (environment.projectId ?? id) === id ? environmentKeys(environment) : {};
  const internal = id === INTERNAL_PROJECT_ID ? given({ superSecretAdminKey: environment.seedAdminKey }) : {};
  return {
    ...development?.projects.get(id),
    ...(Object.hasOwn(configFile.projects, id) ? configFile.projects[id] : {}),
    ...internal,
    ...fromEnvironment,
  };
}

function environmentKeys({ secretServerKey, superSecretAdminKey }: CliEnvironment): StoredKeys {
  return given({ secretServerKey, superSecretAdminKey });
}

function given(keys: StoredKeys): StoredKeys {
  return Object.fromEntries(Object.entries(keys).filter(([, key]) => key !== undefined));
}
