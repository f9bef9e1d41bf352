import { boolean, integer, text, url } from '../parsers.ts';
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
  databaseConnectionString: optional({
    name: 'TEST_DATABASE_CONNECTION_STRING',
    prefix: 'server',
    parser: url(['postgresql', 'postgres']),
    visibility: 'secret',
    sentence: 'A running PostgreSQL, as its superuser, in which tests make and drop databases of their own.',
    whenUnset: 'One is started.',
  }),
  seed: optional({
    name: 'TEST_SEED',
    prefix: 'server',
    parser: integer(0, 2 ** 32 - 1),
    visibility: 'public',
    sentence: 'Repeats the random choices of a test that has printed it.',
    whenUnset: 'Another one each time.',
  }),
  isCi: optional({
    name: 'CI',
    prefix: 'none',
    parser: boolean(),
    visibility: 'public',
    sentence: 'With `true`, a test whose program is missing fails instead of being left out.',
    whenUnset: 'It is left out.',
  }),
} as const satisfies Catalogue;
