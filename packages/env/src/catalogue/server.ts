import { boolean, fraction, integer, list, oneOf, text, url } from '../parsers.ts';
import { always, type Catalogue, optional, type Resolved, withDefault } from '../variable.ts';

const SECRET_LENGTH = 32;

/** What a server reads. */
export const CATALOGUE = {
  nodeEnv: withDefault(
    {
      name: 'NODE_ENV',
      prefix: 'none',
      parser: oneOf(['development', 'test', 'production']),
      visibility: 'public',
      sentence: 'With `production` the server starts only with secrets of your own and refuses private database hosts.',
    },
    always<'development' | 'test' | 'production'>('development'),
  ),
  databaseConnectionString: optional({
    name: 'DATABASE_CONNECTION_STRING',
    prefix: 'server',
    parser: url(['postgresql', 'postgres']),
    visibility: 'secret',
    sentence: 'Hexclave’s own PostgreSQL (14 to 18), the source of truth.',
    whenUnset: 'In development a PostgreSQL from npm is started, with its data in the data directory.',
    requiredInProduction: true,
  }),
  serverSecret: optional({
    name: 'SERVER_SECRET',
    prefix: 'server',
    parser: text({ minLength: SECRET_LENGTH }),
    visibility: 'secret',
    sentence: 'The secret from which keys are derived: for encrypting connection strings and for signing requests.',
    whenUnset: 'In development one is generated at the first start and kept in the data directory.',
    requiredInProduction: true,
  }),
  previousServerSecrets: optional({
    name: 'PREVIOUS_SERVER_SECRETS',
    prefix: 'server',
    parser: list({ minLength: SECRET_LENGTH }),
    visibility: 'secret',
    sentence:
      'Server secrets that are still read with, while one is replaced: at the start, what they encrypted is encrypted anew under the present one.',
    whenUnset: 'Only the present one can be read with.',
  }),
  cronSecret: optional({
    name: 'CRON_SECRET',
    prefix: 'none',
    parser: text(),
    visibility: 'secret',
    sentence: 'What callers of the cron routes send as `Authorization: Bearer …`.',
    whenUnset: 'In development one is generated at the first start and kept in the data directory.',
    requiredInProduction: true,
  }),
  seedAdminKey: optional({
    name: 'SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY',
    prefix: 'server',
    parser: text({ minLength: SECRET_LENGTH }),
    visibility: 'secret',
    sentence:
      'A key, made by `npm run generate:admin-key` or 64 random hexadecimal digits, with which the internal project, and so all others, can be administered.',
    whenUnset: 'In production there is no such key until one is given; in development one is made up.',
  }),
  seedClientKey: optional({
    name: 'SEED_INTERNAL_PROJECT_PUBLISHABLE_CLIENT_KEY',
    prefix: 'server',
    parser: text({ minLength: SECRET_LENGTH }),
    visibility: 'secret',
    sentence: 'A publishable client key for the internal project. A local emulator has to have all three seed keys.',
    whenUnset: 'There is no such key until one is made.',
  }),
  seedServerKey: optional({
    name: 'SEED_INTERNAL_PROJECT_SECRET_SERVER_KEY',
    prefix: 'server',
    parser: text({ minLength: SECRET_LENGTH }),
    visibility: 'secret',
    sentence: 'A secret server key for the internal project.',
    whenUnset: 'There is no such key until one is made.',
  }),
  isLocalEmulator: withDefault(
    {
      name: 'IS_LOCAL_EMULATOR',
      prefix: 'public',
      parser: boolean(),
      visibility: 'public',
      sentence:
        'Whether this is a local emulator: a server for one developer or a test run, whose internal project has the three seed keys. Not together with `NODE_ENV=production`.',
    },
    always(false),
  ),
  skipMigrations: optional({
    name: 'SKIP_MIGRATIONS',
    prefix: 'server',
    parser: boolean(),
    visibility: 'public',
    sentence:
      'With `true` a start applies no migrations, and ends if the database lacks any: for where something else applies them.',
    whenUnset: 'They are applied.',
  }),
  runMigrations: optional({
    name: 'RUN_MIGRATIONS',
    prefix: 'server',
    parser: boolean(),
    visibility: 'public',
    sentence: 'The same the other way round: `false` skips migrations.',
    whenUnset: 'They are applied.',
  }),
  skipSeedScript: optional({
    name: 'SKIP_SEED_SCRIPT',
    prefix: 'server',
    parser: boolean(),
    visibility: 'public',
    sentence: 'With `true` a start neither creates the internal project nor touches its keys.',
    whenUnset: 'It does, where they are missing or other than given.',
  }),
  runSeedScript: optional({
    name: 'RUN_SEED_SCRIPT',
    prefix: 'server',
    parser: boolean(),
    visibility: 'public',
    sentence: 'The same the other way round: `false` skips the seed.',
    whenUnset: 'It is done.',
  }),
  portPrefix: withDefault(
    {
      name: 'PORT_PREFIX',
      prefix: 'public',
      // Two digits follow; PostgreSQL's port must stay below those that the system hands out to outgoing connections.
      parser: integer(11, 326),
      visibility: 'public',
      sentence: 'The first digits of all ports: dashboard `01`, API `02`, PostgreSQL from npm `28` follow.',
    },
    always(81),
  ),
  host: withDefault(
    {
      name: 'HOST',
      prefix: 'server',
      parser: text(),
      visibility: 'public',
      sentence: 'The address that the server listens on.',
    },
    { development: '127.0.0.1', production: '0.0.0.0' },
  ),
  trustedProxies: withDefault(
    {
      name: 'TRUSTED_PROXIES',
      prefix: 'server',
      parser: integer(0, 10),
      visibility: 'public',
      sentence:
        'How many reverse proxies stand before the server, each of which appends to `X-Forwarded-For`: the address that the outermost of them saw is the caller’s, for limits by address. With `0` the header is not believed.',
    },
    always(0),
  ),
  apiUrl: optional({
    name: 'API_URL',
    prefix: 'public',
    parser: url(['http', 'https']),
    visibility: 'public',
    sentence: 'The address under which clients and delivery services reach the API.',
    olderNames: ['STACK_BASE_URL', 'NEXT_PUBLIC_STACK_URL'],
    inDevelopment: `http://localhost:\${NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX:-81}02`,
    whenUnset: '`http://localhost:` and the API’s port.',
  }),
  dashboardUrl: optional({
    name: 'DASHBOARD_URL',
    prefix: 'public',
    parser: url(['http', 'https']),
    visibility: 'public',
    sentence: 'The address under which browsers reach the dashboard: only its own pages may act.',
    whenUnset: 'What the browser’s request names as its host.',
    inDevelopment: `http://localhost:\${NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX:-81}01`,
  }),
  dashboardFiles: optional({
    name: 'DASHBOARD_FILES',
    prefix: 'server',
    parser: text(),
    visibility: 'public',
    sentence: 'The folder of the dashboard’s built pages. Containers set it by themselves.',
    whenUnset: 'The folder `dashboard` beside the server, or what is built from the sources.',
  }),
  envDirectory: withDefault(
    {
      name: 'ENV_DIRECTORY',
      prefix: 'server',
      parser: text(),
      visibility: 'public',
      sentence: 'The folder of the `.env` files. Read from the environment of the process only.',
    },
    always('.'),
  ),
  dataDirectory: withDefault(
    {
      name: 'DATA_DIRECTORY',
      prefix: 'server',
      parser: text(),
      visibility: 'public',
      sentence: 'Where generated secrets and the data of the PostgreSQL from npm are kept.',
    },
    always('.hexclave'),
  ),
  logLevel: withDefault(
    {
      name: 'LOG_LEVEL',
      prefix: 'server',
      parser: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
      visibility: 'public',
      sentence: 'The least important messages that are still logged.',
    },
    always<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'>('info'),
  ),
  allowPrivateHosts: withDefault(
    {
      name: 'EXTERNAL_DB_SYNC_ALLOW_PRIVATE_HOSTS',
      prefix: 'server',
      parser: boolean(),
      visibility: 'public',
      sentence: 'Whether external databases may have loopback, private or link-local addresses.',
    },
    { development: true, production: false },
  ),
  runLoops: withDefault(
    {
      name: 'EXTERNAL_DB_SYNC_RUN_LOOPS',
      prefix: 'server',
      parser: boolean(),
      visibility: 'public',
      sentence: 'Whether this process drives sequencer and poller itself; with `false` the cron routes must be called.',
    },
    always(true),
  ),
  syncEngineUrl: optional({
    name: 'SYNC_ENGINE_URL',
    prefix: 'server',
    parser: url(['http', 'https']),
    visibility: 'public',
    sentence: 'A sync engine to which outgoing requests are delivered by signed HTTP.',
    whenUnset: 'They are delivered within the process.',
  }),
  syncEngineSigningSecret: optional({
    name: 'SYNC_ENGINE_SIGNING_SECRET',
    prefix: 'server',
    parser: text({ minLength: SECRET_LENGTH }),
    visibility: 'secret',
    sentence: 'Signs the requests to a sync engine; it must be the same on both sides.',
    whenUnset: 'Derived from the server secret.',
  }),
  syncEnginePreviousSigningSecret: optional({
    name: 'SYNC_ENGINE_PREVIOUS_SIGNING_SECRET',
    prefix: 'server',
    parser: text({ minLength: SECRET_LENGTH }),
    visibility: 'secret',
    sentence: 'A signing secret that is still believed, while it is replaced on one server after the other.',
    whenUnset: 'Only the present one is believed.',
  }),
  metricsSecret: optional({
    name: 'METRICS_SECRET',
    prefix: 'server',
    parser: text({ minLength: SECRET_LENGTH }),
    visibility: 'secret',
    sentence: 'What a Prometheus sends as `Authorization: Bearer …` to read `/metrics`.',
    whenUnset:
      'In production there are no metrics; in development it is derived from the server secret and shown at the start.',
  }),
  otlpEndpoint: optional({
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    prefix: 'none',
    parser: url(['http', 'https']),
    visibility: 'public',
    sentence: 'Where traces are sent, by OTLP over HTTP: `/v1/traces` is added.',
    whenUnset: 'Nothing is traced.',
  }),
  otlpHeaders: optional({
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    prefix: 'none',
    parser: text(),
    visibility: 'secret',
    sentence: 'Headers for that address, as `name=value`, separated by commas.',
    whenUnset: 'None.',
  }),
  serviceName: withDefault(
    {
      name: 'OTEL_SERVICE_NAME',
      prefix: 'none',
      parser: text(),
      visibility: 'public',
      sentence: 'What this server is called in traces.',
    },
    always('hexclave'),
  ),
  traceRatio: withDefault(
    {
      name: 'OTEL_TRACES_SAMPLER_ARG',
      prefix: 'none',
      parser: fraction(),
      visibility: 'public',
      sentence:
        'Which part of the requests is traced, from 0 to 1: chosen by the id of the trace, so that all servers choose the same.',
    },
    always(1),
  ),
  qstashUrl: optional({
    name: 'QSTASH_URL',
    prefix: 'server',
    parser: url(['http', 'https']),
    visibility: 'public',
    sentence: 'Where QStash is reached.',
    whenUnset: 'Upstash’s own address.',
  }),
  qstashToken: optional({
    name: 'QSTASH_TOKEN',
    prefix: 'server',
    parser: text(),
    visibility: 'secret',
    sentence: 'With it, outgoing requests are delivered through Upstash QStash.',
    requires: ['qstashCurrentSigningKey', 'qstashNextSigningKey'],
  }),
  qstashCurrentSigningKey: optional({
    name: 'QSTASH_CURRENT_SIGNING_KEY',
    prefix: 'server',
    parser: text(),
    visibility: 'secret',
    sentence: 'Verifies the requests that QStash delivers.',
  }),
  qstashNextSigningKey: optional({
    name: 'QSTASH_NEXT_SIGNING_KEY',
    prefix: 'server',
    parser: text(),
    visibility: 'secret',
    sentence: 'The key that QStash will sign with after the next rotation.',
  }),
} as const satisfies Catalogue;

/** All values that a server is configured with. */
export type Environment = Resolved<typeof CATALOGUE>;
