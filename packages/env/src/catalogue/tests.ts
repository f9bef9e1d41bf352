import { boolean, integer, text } from '../parsers.ts';
import { type Catalogue, optional } from '../variable.ts';

/** What tests and benchmarks read. */
export const TEST_CATALOGUE = {
  postgresBinDir: optional({
    name: 'TEST_POSTGRES_BIN_DIR',
    prefix: 'server',
    parser: text(),
    visibility: 'public',
    sentence: 'The programs of the PostgreSQL that tests run on.',
    whenUnset: 'The one from npm.',
  }),
  seed: optional({
    name: 'TEST_SEED',
    prefix: 'server',
    parser: integer(0, 2 ** 32 - 1),
    visibility: 'public',
    sentence: 'Repeats the random choices of a test that has printed it.',
    whenUnset: 'Another one each time.',
  }),
  postgresLog: optional({
    name: 'TEST_POSTGRES_LOG',
    prefix: 'server',
    parser: text(),
    visibility: 'public',
    sentence: 'A file to which the PostgreSQL that tests run on adds its log, each line with its SQLSTATE.',
    whenUnset: 'It is not kept.',
  }),
  withoutMigrations: optional({
    name: 'TEST_WITHOUT_MIGRATIONS',
    prefix: 'server',
    parser: text(),
    visibility: 'public',
    sentence: 'Migrations that were taken away, by comma: tests that need one are left out. Set by `migration-compat`.',
    whenUnset: 'None.',
  }),
  screenshots: optional({
    name: 'TEST_SCREENSHOTS',
    prefix: 'server',
    parser: boolean(),
    visibility: 'public',
    sentence: 'With `true`, tests in a browser write the pictures of the documentation.',
    whenUnset: 'They write none.',
  }),
  ci: optional({
    name: 'CI',
    prefix: 'none',
    parser: text(),
    visibility: 'public',
    sentence: 'Where it is set, a test whose program is missing fails instead of being left out.',
    whenUnset: 'It is left out.',
  }),
} as const satisfies Catalogue;
