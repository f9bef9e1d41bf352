import { afterAll, beforeAll, expect, test } from 'vitest';
import { findAllDifferences } from '../checks/convergence.ts';
import { user, work, write } from '../mutants/scenarios/moves.ts';
import { type Clusters, startClusters } from './clusters.ts';
import { backUpTarget, restoreTarget } from './restore.ts';
import { createStage } from './stage.ts';
import { createTrace } from './trace.ts';

let clusters: Clusters;

beforeAll(async () => {
  clusters = await startClusters();
});

afterAll(() => clusters.stop());

test('a target that is restored from before its first copy is copied again', { timeout: 120_000 }, async () => {
  const script = await clusters.bundler.bundle('restore');
  const layout = [{ temper: 'hot', targets: 1 }] as const;
  const stage = await createStage({ clusters, script, workers: 1, loops: false, trace: createTrace(), layout });
  try {
    const [target] = stage.targets;
    if (target === undefined) throw new Error('there is no target');
    const backup = await backUpTarget(stage, target);
    await write(stage, user('insertUser', 1));
    await work(stage);
    await restoreTarget(stage, target, backup);
    await write(stage, user('insertUser', 2));
    await expect
      .poll(() => work(stage).then(() => findAllDifferences(stage.internal, stage.targets)), { timeout: 60_000 })
      .toEqual([]);
  } finally {
    await stage.close();
  }
});
