import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Clusters, startClusters } from '../stage/clusters.ts';
import { checkMutants } from './check-mutants.ts';
import { MUTANTS } from './mutants.ts';

let clusters: Clusters;

beforeAll(async () => {
  clusters = await startClusters();
});

afterAll(() => clusters.stop());

test('every mutant is killed, and none of its scenarios fails without it', { timeout: 300_000 }, async () => {
  const results = await checkMutants(clusters, console.log);
  expect(results.filter(({ killed }) => !killed)).toEqual([]);
  expect(results).toHaveLength(MUTANTS.length);
});
