import { afterAll, beforeAll, expect, test } from 'vitest';
import { FAULTS } from './nemesis/catalogue.ts';
import { makePlan } from './plan/plan.ts';
import { renderTable } from './report/table.ts';
import { addUp } from './report/totals.ts';
import { runOnNewStage, type SeedResult, WORKERS } from './run-seed.ts';
import { type Clusters, startClusters } from './stage/clusters.ts';

/** As many as it takes to deal every kind of fault. */
const SEEDS = [1, 2, 3, 4, 5] as const;
const SECONDS = 4;

/** The share of kinds that meet something to strike in so short a run. */
const MOST = 0.7;

let clusters: Clusters;

beforeAll(async () => {
  clusters = await startClusters();
});

afterAll(() => clusters.stop());

test(`seeds ${SEEDS.join(', ')}: faults of every kind, and nothing is found`, { timeout: 300_000 }, async () => {
  const script = await clusters.bundler.bundle('plain');
  const results: SeedResult[] = [];
  for (const seed of SEEDS) {
    const result = await runOnNewStage({ clusters, script }, makePlan(seed, SECONDS));
    results.push(result);
    const { violations } = result.outcome;
    expect(violations, `npm run chaos -- --seed ${seed} --seconds ${SECONDS}\n${result.trace.join('\n')}`).toEqual([]);
  }
  const totals = addUp(results.map(({ outcome }) => outcome));
  console.log(renderTable({ totals, mutants: [] }));
  const dealt = new Set(SEEDS.flatMap((seed) => makePlan(seed, SECONDS).faults.map(({ kind }) => kind)));
  expect([...dealt].sort()).toEqual(FAULTS.map(({ name }) => name).sort());
  expect(totals.notConverged).toBe(0);
  const struck = Object.values(totals.faults).filter((times) => times > 0).length;
  expect(struck).toBeGreaterThan(FAULTS.length * MOST);
  expect(totals.batches).toBeGreaterThan(200);
  expect(totals.scrapes).toBeGreaterThan(SEEDS.length * WORKERS);
  expect(totals.answers).toBeGreaterThan(totals.scrapes);
});
