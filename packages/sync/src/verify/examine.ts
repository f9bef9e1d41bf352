import { setTimeout as delay } from 'node:timers/promises';
import type { DestinationVerification, FoundDifference, Key } from '../destination.ts';
import { type Judgement, judge, type Subject } from './judge.ts';

/** So many keys are looked at in one transaction of the target. */
const KEYS_AT_ONCE = 50;
/** Pauses, in ms, between looks at rows whose changes are on their way; then they are left to the next pass. */
const PAUSES_MS = [50, 100, 200, 400, 800];

/** What became of the candidates of a range. */
export type Examination = {
  readonly differences: readonly FoundDifference[];
  /** Rows that changed at every look: nothing can be said about them, and their next change brings them whole. */
  readonly unsettled: number;
  /** Changes are on their way, and the target did not move for as long as that was looked at. */
  readonly standsStill: boolean;
};

/** Tells differences from changes that are on their way. Looks again and again at rows that keep changing, but not for long. */
export async function examine(
  subject: Subject,
  verification: DestinationVerification,
  candidates: readonly Key[],
  repair: boolean,
  signal: AbortSignal,
): Promise<Examination> {
  const differences: FoundDifference[] = [];
  const cursors = new Set<bigint>();
  let unsettled = candidates;
  for (let looks = 0; unsettled.length > 0 && !signal.aborted; ) {
    const left: Key[] = [];
    for (let start = 0; start < unsettled.length; start += KEYS_AT_ONCE) {
      const keys = unsettled.slice(start, start + KEYS_AT_ONCE);
      const { found, judgement } = await lookAt(subject, verification, keys, repair);
      differences.push(...found);
      left.push(...judgement.unsettled);
      if (judgement.unsettled.length > 0) cursors.add(judgement.cursor);
    }
    const progress = left.length < unsettled.length;
    unsettled = left;
    // As long as some are settled at each look, it is worth the next one.
    const pause = PAUSES_MS[progress ? Math.min(looks, 1) : looks++];
    if (pause === undefined) break;
    if (left.length > 0) await delay(pause, undefined, { signal }).catch(() => undefined);
  }
  return { differences, unsettled: unsettled.length, standsStill: unsettled.length > 0 && cursors.size === 1 };
}

async function lookAt(
  subject: Subject,
  verification: DestinationVerification,
  keys: readonly Key[],
  repair: boolean,
): Promise<{ found: FoundDifference[]; judgement: Judgement }> {
  let judgement: Judgement = { present: [], absent: [], sourceLsn: null, unsettled: [], parked: [], cursor: -1n };
  const look = (lock: boolean, among: readonly Key[]) =>
    verification.examine(
      subject.target,
      among,
      async (seen) => {
        judgement = await judge(subject, among, seen);
        return judgement;
      },
      lock,
    );
  const found = await look(false, keys);
  if (!repair || found.length === 0) return { found, judgement };
  // The position is only locked, and batches held up, when there is something to put right.
  const { unsettled } = judgement;
  const repaired = await look(
    true,
    found.map(({ key }) => key),
  );
  return { found: repaired, judgement: { ...judgement, unsettled: [...unsettled, ...judgement.unsettled] } };
}
