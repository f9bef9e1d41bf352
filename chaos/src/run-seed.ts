import { makePlan, type Plan } from './plan/plan.ts';
import { shrink } from './plan/shrink.ts';
import { type Outcome, runPlan } from './run-plan.ts';
import type { Clusters } from './stage/clusters.ts';
import { createStage } from './stage/stage.ts';
import { createTrace } from './stage/trace.ts';

/** What the runs of a checker have in common. */
export type Ground = {
  readonly clusters: Clusters;
  /** The bundled worker. */
  readonly script: string;
};

export type SeedResult = { readonly seed: number; readonly outcome: Outcome; readonly trace: readonly string[] };

const WORKERS = 3;

/** Runs one plan on a stage of its own. */
export async function runOnNewStage(
  { clusters, script }: Ground,
  plan: Plan,
  onTrace?: (line: string) => void,
): Promise<SeedResult> {
  const trace = createTrace(onTrace);
  const stage = await createStage({ clusters, script, workers: WORKERS, loops: true, trace });
  try {
    const outcome = await runPlan(stage, plan);
    for (const { kind, what } of outcome.violations) trace.note(`VIOLATION: ${kind}: ${what}`);
    return { seed: plan.seed, outcome, trace: trace.lines() };
  } finally {
    await stage.close();
  }
}

const SHRINK_RUNS = 24;

/** Looks for a smaller plan that fails in the same way. */
export async function shrinkSeed(ground: Ground, seed: number, seconds: number, outcome: Outcome): Promise<Plan> {
  const wanted = new Set(outcome.violations.map(({ kind }) => kind));
  const stillFails = async (plan: Plan) => {
    const { outcome: again } = await runOnNewStage(ground, plan);
    return again.violations.some(({ kind }) => wanted.has(kind));
  };
  return shrink(makePlan(seed, seconds), stillFails, SHRINK_RUNS);
}
