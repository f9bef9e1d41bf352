import type { Stage } from '../stage/stage.ts';
import type { Target } from '../stage/target.ts';
import { PAIR_SUM } from '../workload/pair.ts';
import { runOperations } from '../workload/transaction.ts';

/** Writes something of a target's tenancy, so that a fault there meets a batch even if the workload is elsewhere. */
export async function nudge(stage: Stage, { tenancy }: Pick<Target, 'tenancy'>, choice: number): Promise<void> {
  const operations = [{ kind: 'transfer', tenancy, numbers: [choice % PAIR_SUM], texts: [] }];
  // An internal database that is away right now loses a nudge, nothing else.
  await stage.internal.transaction((tx) => runOperations(tx, { operations, openMs: 0 }, stage)).catch(() => undefined);
}
