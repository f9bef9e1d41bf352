export { checkMutants } from './mutants/check-mutants.ts';
export { makePlan, type Plan } from './plan/plan.ts';
export { runOnNewStage, type SeedResult } from './run-seed.ts';
export { type Clusters, startClusters } from './stage/clusters.ts';
