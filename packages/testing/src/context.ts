import { inject } from 'vitest';

/** What the global setup hands to the test files, which run in processes of their own. */
export type TestCluster = {
  /** Of the superuser, for the database `postgres`. */
  connectionString: string;
  /** The database that has all migrations and is copied for each test. */
  templateDatabase: string;
  /** Why the template could not be made: said by the tests that want a copy, not by those that do not. */
  templateError?: string;
  /** The data folder of an initialised, stopped cluster, to be copied. */
  pristineDataDir: string;
  /** Programs of another PostgreSQL than the one from npm. */
  binDir?: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    hexclaveTestCluster: TestCluster;
  }
}

export function testCluster(): TestCluster {
  return inject('hexclaveTestCluster');
}
