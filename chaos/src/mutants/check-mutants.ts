import { check } from '../checks/check.ts';
import { findAllDifferences } from '../checks/convergence.ts';
import { listenOnce } from '../checks/listener.ts';
import type { Violation } from '../checks/violation.ts';
import { describeDifferences } from '../checks/violation.ts';
import type { Clusters } from '../stage/clusters.ts';
import { warp } from '../stage/settle.ts';
import { createStage, type Stage } from '../stage/stage.ts';
import { createTrace } from '../stage/trace.ts';
import type { Mutant, MutantResult, Scenario } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { work } from './scenarios/moves.ts';

const LAYOUT = [
  { temper: 'hot', targets: 1 },
  { temper: 'cold', targets: 1 },
] as const;

/** So many at once: most of the time each of them waits for a process to start. */
const AT_ONCE = 3;

/**
 * Plays each mutant's scenario, and each scenario without a mutant: what is found then would be found in the mutant for
 * nothing. Returns what became of the mutants.
 */
export async function checkMutants(clusters: Clusters, say: (line: string) => void): Promise<MutantResult[]> {
  const plain = await clusters.bundler.bundle('control');
  const scenarios = [...new Set(MUTANTS.map(({ scenario }) => scenario))];
  const controls = await inParallel(scenarios, async (scenario) => {
    const found = await play(clusters, plain, scenario);
    if (found.length > 0) throw new Error(`${scenario.name} fails without a mutant: ${describe(found).join('; ')}`);
    return scenario;
  });
  say(`${controls.length} scenarios pass without a mutant`);
  return inParallel(MUTANTS, async (mutant) => {
    const result = await judge(clusters, plain, mutant);
    say(
      `${result.killed ? 'killed' : 'SURVIVED'}: ${mutant.name} (${result.found.join('; ').slice(0, 200) || 'nothing was found'})`,
    );
    return result;
  });
}

async function judge(clusters: Clusters, plain: string, mutant: Mutant): Promise<MutantResult> {
  const { name, rewrites, alter, scenario, expects } = mutant;
  const script = rewrites === undefined ? plain : await clusters.bundler.bundle(name, rewrites);
  const found = await play(clusters, script, scenario, alter);
  return { name, killed: found.some(({ kind }) => expects.includes(kind)), found: describe(found) };
}

const describe = (found: readonly Violation[]) => found.map(({ kind, what }) => `${kind}: ${what}`);

/** Plays a scenario to its end, gives the pipeline time to mend everything, and looks at what there is. */
async function play(
  clusters: Clusters,
  script: string,
  scenario: Scenario,
  alterInternal?: Mutant['alter'],
): Promise<Violation[]> {
  const { workers } = scenario;
  const stage = await createStage({
    ...{ clusters, script, workers, alterInternal, trace: createTrace() },
    loops: false,
    layout: LAYOUT,
  });
  try {
    const strikes = await scenario.play(stage);
    await scenario.mend?.(stage);
    await finish(stage);
    const differences = await findAllDifferences(stage.internal, stage.targets);
    return [
      ...differences.flatMap(describeDifferences),
      ...(await check(stage, strikes, await listenOnce(stage))).violations,
    ];
  } finally {
    await stage.close();
  }
}

/** A failure may take a second attempt, and a new epoch a second look. */
const ROUNDS = 3;

async function finish(stage: Stage): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await warp(stage);
    await work(stage);
  }
}

async function inParallel<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const place = next++;
      results[place] = await act(items[place] as T);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return results;
}
