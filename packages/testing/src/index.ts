export { atEndOfFile } from './cleanup.ts';
export { type TestCluster, testCluster } from './context.ts';
export { createEmptyDatabase, createTestDatabase, type TestDatabase, withDatabase } from './databases.ts';
export { type ExtraCluster, startExtraCluster } from './extra-cluster.ts';
export { type FaultProxy, type StatementFault, startFaultProxy } from './fault-proxy.ts';
export { programOrSkip } from './programs.ts';
export { type Random, seededRandom } from './random.ts';
export { testSeed } from './seed.ts';
export { type WaitOptions, waitUntil } from './wait-until.ts';
