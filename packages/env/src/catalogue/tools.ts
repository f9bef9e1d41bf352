import { text, url } from '../parsers.ts';
import { type Catalogue, optional, type Resolved } from '../variable.ts';
import { CATALOGUE } from './server.ts';

/** What the command line reads. */
export const CLI_CATALOGUE = {
  nodeEnv: CATALOGUE.nodeEnv,
  portPrefix: CATALOGUE.portPrefix,
  envDirectory: CATALOGUE.envDirectory,
  dataDirectory: CATALOGUE.dataDirectory,
  publicApiUrl: CATALOGUE.apiUrl,
  publicDashboardUrl: CATALOGUE.dashboardUrl,
  seedAdminKey: CATALOGUE.seedAdminKey,
  apiUrl: optional({
    name: 'API_URL',
    prefix: 'server',
    parser: url(['http', 'https']),
    visibility: 'public',
    sentence: 'Where tools reach the API.',
    olderNames: ['HEXCLAVE_URL'],
    whenUnset: '`NEXT_PUBLIC_HEXCLAVE_API_URL`, or the server on this machine.',
  }),
  dashboardUrl: optional({
    name: 'DASHBOARD_URL',
    prefix: 'server',
    parser: url(['http', 'https']),
    visibility: 'public',
    sentence: 'Where tools send people to the dashboard.',
    whenUnset: '`NEXT_PUBLIC_HEXCLAVE_DASHBOARD_URL`, or the server on this machine.',
  }),
  projectId: optional({
    name: 'PROJECT_ID',
    prefix: 'server',
    parser: text(),
    visibility: 'public',
    sentence: 'The project that tools, and backends with the JavaScript client, are about.',
    whenUnset: 'What the configuration file of the command line says.',
  }),
  secretServerKey: optional({
    name: 'SECRET_SERVER_KEY',
    prefix: 'server',
    parser: text(),
    visibility: 'secret',
    sentence: 'The secret server key of that project.',
    whenUnset: 'What the configuration file of the command line says.',
  }),
  superSecretAdminKey: optional({
    name: 'SUPER_SECRET_ADMIN_KEY',
    prefix: 'server',
    parser: text(),
    visibility: 'secret',
    sentence: 'The super secret admin key of that project.',
    olderNames: ['HEXCLAVE_ADMIN_KEY'],
    whenUnset: 'What the configuration file of the command line says.',
  }),
  cliConfigPath: optional({
    name: 'CLI_CONFIG_PATH',
    prefix: 'server',
    parser: text(),
    visibility: 'public',
    sentence: 'The configuration file of the command line, which can hold keys.',
    whenUnset: '`hexclave/cli.json` in the folder for configuration files of the user.',
  }),
  emulatorHome: optional({
    name: 'EMULATOR_HOME',
    prefix: 'server',
    parser: text(),
    visibility: 'public',
    sentence: 'Where `hexclave emulator` keeps its data and secrets.',
    whenUnset: '`.hexclave/emulator` in the home folder of the user.',
  }),
} as const satisfies Catalogue;

export type CliEnvironment = Resolved<typeof CLI_CATALOGUE>;
