import { check } from './checks/check.ts';
import { findAllDifferences } from './checks/convergence.ts';
import { type Heard, startListener } from './checks/listener.ts';
import { untilSurfaced } from './checks/surfacing.ts';
import { describeDifferences, type Violation } from './checks/violation.ts';
import type { Strike } from './nemesis/fault.ts';
import { runNemesis } from './nemesis/nemesis.ts';
import { type Plan, WRITERS } from './plan/plan.ts';
import { patiently } from './stage/patience.ts';
import { settle, warp, whatIsLeft } from './stage/settle.ts';
import type { Stage } from './stage/stage.ts';
import { noWrites, runWriter, type WriteCounts } from './workload/writer.ts';

/** What one run came to. */
export type Outcome = {
  readonly violations: readonly Violation[];
  readonly writes: WriteCounts;
  readonly strikes: readonly Strike[];
  /** From the end of writes and faults until every target was equal to its source; `null`: never. */
  readonly convergedAfterMs: number | null;
  /** Committed batches. */
  readonly batches: number;
  /** Batches that targets refused, since their position had moved. */
  readonly fenced: number;
  readonly pairsMidTransfer: number;
  /** What was asked of server processes, and searched. */
  readonly heard: Pick<Heard, 'scrapes' | 'answers'>;
};

const CONVERGE_WITHIN_MS = 60_000;

/** Runs a plan on a stage: writes and faults side by side, then waits for everything to be equal. */
export async function runPlan(stage: Stage, plan: Plan): Promise<Outcome> {
  const startedAt = performance.now();
  const fencedBefore = stage.clusters.fenced();
  const writes = noWrites();
  const listener = await startListener(stage);
  const [strikes] = await Promise.all([
    runNemesis(stage, plan.faults, startedAt),
    ...Array.from({ length: WRITERS }, (_, writer) =>
      runWriter(
        stage.internal,
        plan.transactions.filter((transaction) => transaction.writer === writer),
        stage,
        startedAt,
        writes,
      ),
    ),
  ]);
  stage.trace.note(`writes and faults are over: ${JSON.stringify(writes)}`);
  const { convergedAfterMs, violations } = await untilConverged(stage);
  await patiently(() => untilSurfaced(stage.internal, strikes));
  const heard = await listener.finish();
  const found = await check(stage, strikes, heard);
  return {
    ...found,
    violations: [...violations, ...found.violations],
    ...{ writes, strikes, convergedAfterMs, heard },
    fenced: stage.clusters.fenced() - fencedBefore,
  };
}

/** Waits for equality; differences that stay are violations. */
export async function untilConverged(
  stage: Stage,
  timeoutMs = CONVERGE_WITHIN_MS,
): Promise<{ convergedAfterMs: number | null; violations: Violation[] }> {
  await warp(stage);
  const startedAt = performance.now();
  const differences = () => patiently(() => findAllDifferences(stage.internal, stage.targets));
  const converged = await settle(stage, async () => (await differences()).length === 0, timeoutMs);
  const convergedAfterMs = performance.now() - startedAt;
  stage.trace.note(converged ? `converged after ${Math.round(convergedAfterMs)} ms` : 'not converged');
  if (converged) return { convergedAfterMs, violations: [] };
  for (const line of await whatIsLeft(stage.internal)) stage.trace.note(line);
  return { convergedAfterMs: null, violations: (await differences()).flatMap(describeDifferences) };
}
