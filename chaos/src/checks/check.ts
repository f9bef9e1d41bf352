import type { Strike } from '../nemesis/fault.ts';
import type { Stage } from '../stage/stage.ts';
import { tagOf } from '../workload/operation.ts';
import type { Heard } from './listener.ts';
import { findUnnoticed } from './noticing.ts';
import { type Replay, replay } from './replay.ts';
import { findLeaksInKept } from './secrets.ts';
import { SOFT_DECLARATIONS } from './soft-declarations.ts';
import { readSourceFacts } from './source-facts.ts';
import { findUnsurfaced } from './surfacing.ts';
import { readHistory } from './target-history.ts';
import type { Violation } from './violation.ts';

/** What all checks besides the end state have found. */
export type Findings = {
  readonly violations: readonly Violation[];
  readonly batches: number;
  readonly pairsMidTransfer: number;
};

export async function check(stage: Stage, strikes: readonly Strike[], heard: Heard): Promise<Findings> {
  const replays = await replayAll(stage);
  const violations = [
    ...replays.flatMap((one) => one.violations),
    ...findUnnoticed(strikes),
    ...(await findUnsurfaced(stage.internal, strikes, heard.failures)),
    ...(await findLeaksInKept(stage)),
    ...heard.leaks,
    ...findBroken(strikes),
  ];
  const sum = (count: (one: Replay) => number) => replays.reduce((total, one) => total + count(one), 0);
  return {
    violations,
    batches: sum(({ batches }) => batches),
    pairsMidTransfer: sum(({ pairsMidTransfer }) => pairsMidTransfer),
  };
}

async function replayAll(stage: Stage): Promise<Replay[]> {
  const replays: Replay[] = [];
  for (const target of stage.targets) {
    const source = await readSourceFacts(stage.internal, target.tenancyId, stage.undone);
    const histories = [...target.archive, await readHistory(target.db)];
    for (const history of histories) {
      const whose = { target: `${target.tenancy}/${target.id}`, tag: tagOf(target.tenancyId) };
      replays.push(replay({ ...whose, history, source, soft: SOFT_DECLARATIONS }));
    }
  }
  return replays;
}

/** Faults of the checker itself. */
function findBroken(strikes: readonly Strike[]): Violation[] {
  return strikes.flatMap(({ kind, broke }) =>
    broke === undefined ? [] : [{ kind: 'fault not carried out' as const, what: `${kind}: ${broke}` }],
  );
}
