/**
 * Which of our packages each package may import, outside of its tests. A package that is not listed fails the check,
 * so that a new one has to say where it stands.
 */
export const MAY_IMPORT = {
  errors: [],
  env: ['errors'],
  config: ['errors', 'env'],
  db: ['errors', 'env'],
  'embedded-postgres': ['errors'],
  migrations: ['errors', 'env', 'config', 'db'],
  contract: ['errors', 'config'],
  sdk: ['errors', 'contract'],
  sync: ['errors', 'config', 'db'],
  'destination-postgres': ['errors', 'config', 'db', 'sync'],
  testing: ['errors', 'env', 'config', 'db', 'migrations', 'embedded-postgres'],
  dashboard: ['errors', 'contract', 'sdk'],
  server: [
    ...['errors', 'env', 'config', 'db', 'migrations', 'embedded-postgres'],
    ...['contract', 'sync', 'destination-postgres'],
  ],
  cli: ['errors', 'env', 'config', 'db', 'migrations', 'embedded-postgres', 'contract', 'sdk', 'server'],
};

/** At the edge: anything may be used, and nothing imports these. */
export const EDGE = ['e2e', 'benchmarks', 'chaos', 'docker'];

/** What tests may use besides what their package may import. */
export const FOR_TESTS = ['testing', 'embedded-postgres', 'migrations', 'db', 'errors'];
