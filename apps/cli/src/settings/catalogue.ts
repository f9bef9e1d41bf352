import { CATALOGUE, type Catalogue, optional, type Resolved, text, url } from '@hexclave/env';

/** The variables that tools read besides those of the server. */
export const CLI_CATALOGUE = {
  nodeEnv: CATALOGUE.nodeEnv,
  portPrefix: CATALOGUE.portPrefix,
  dataDirectory: CATALOGUE.dataDirectory,
  publicApiUrl: CATALOGUE.apiUrl,
  seedAdminKey: CATALOGUE.seedAdminKey,
  apiUrl: optional({
    name: 'API_URL',
    prefix: 'server',
    parser: url(['http', 'https']),
    visibility: 'public',
    sentence: 'Where tools reach the API.',
  }),
  projectId: optional({
    name: 'PROJECT_ID',
    prefix: 'server',
    parser: text(),
    visibility: 'public',
    sentence: 'The project that tools are about.',
  }),
  secretServerKey: optional({
    name: 'SECRET_SERVER_KEY',
    prefix: 'server',
    parser: text(),
    visibility: 'secret',
    sentence: 'The secret server key of that project.',
  }),
  superSecretAdminKey: optional({
    name: 'SUPER_SECRET_ADMIN_KEY',
    prefix: 'server',
    parser: text(),
    visibility: 'secret',
    sentence: 'The super secret admin key of that project.',
  }),
  cliConfigPath: optional({
    name: 'CLI_CONFIG_PATH',
    prefix: 'server',
    parser: text(),
    visibility: 'public',
    sentence: 'The configuration file of the command line.',
  }),
} as const satisfies Catalogue;

export type CliEnvironment = Resolved<typeof CLI_CATALOGUE>;
