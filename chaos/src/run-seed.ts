import type { Mutant } from './mutants/mutant.ts';
import type { Plan } from './plan/plan.ts';
import { type Shrunk, shrink } from './plan/shrink.ts';
import { type Outcome, runPlan } from './run-plan.ts';
import type { Clusters } from './stage/clusters.ts';
import { createStage } from './stage/stage.ts';
import { createTrace } from './stage/trace.ts';

/** What the runs of a checker have in common. */
export type Ground = {
  readonly clusters: Clusters;
  /** The bundled worker. */
  readonly script: string;
  /** Changes each internal database before anything else happens. */
  readonly alterInternal?: Mutant['alter'];
};

export type SeedResult = { readonly seed: number; readonly outcome: Outcome; readonly trace: readonly string[] };

export const WORKERS = 3;

/** Runs one plan on a stage of its own. */
export async function runOnNewStage(ground: Ground, plan: Plan, onTrace?: (line: string) => void): Promise<SeedResult> {
  const trace = createTrace(onTrace);
  const stage = await createStage({ ...ground, workers: WORKERS, loops: true, trace });
  try {
    const outcome = await runPlan(stage, plan);
    for (const { kind, what } of outcome.violations) trace.note(`VIOLATION: ${kind}: ${what}`);
    return { seed: plan.seed, outcome, trace: trace.lines() };
  } finally {
    await stage.close();
  }
}

/** A person waits for this. */
const SHRINK = { mostReplays: 60, mostMs: 5 * 60_000, triesEach: 3 } as const;

/** Looks for a smaller plan that fails in the same way. */
export async function shrinkPlan(
  ground: Ground,
  plan: Plan,
  { violations }: Outcome,
  onProgress: (line: string) => void,
): Promise<Shrunk> {
  const wanted = new Set(violations.map(({ kind }) => kind));
  const stillFails = async (smaller: Plan) => {
    const { outcome } = await runOnNewStage(ground, smaller);
    return outcome.violations.some(({ kind }) => wanted.has(kind));
  };
  return shrink(plan, stillFails, { ...SHRINK, onProgress });
}
