import type { Database } from '@hexclave/db';
import type { TargetTable } from '../compile/target-table.ts';
import type { DeclaredMapping } from '../declare/mapping.ts';
import type { Expectation, Key, Sighting } from '../destination.ts';
import { judgePosition } from '../engine/position.ts';
import { readSettled } from '../engine/settled.ts';
import { readHistories, readLsn } from '../engine/source.ts';
import { isEpochCertain } from './source.ts';

/** The copy is not at a position that it can be compared at: it is being made, or is about to be made anew. */
export class NotComparableError extends Error {
  override name = 'NotComparableError';
}

/** What is being compared. */
export type Subject = {
  readonly db: Database;
  readonly tenancyId: string;
  readonly mapping: DeclaredMapping;
  readonly target: TargetTable;
};

/** What the target must have of some keys, and those of which that cannot be said yet. */
export type Judgement = Expectation & {
  readonly unsettled: readonly Key[];
  readonly parked: readonly Key[];
  /** How far the target was. */
  readonly cursor: bigint;
};

/**
 * Says what rows a target must have at the position at which it was seen. Read after the target: so a row whose last change
 * has a number up to the cursor, and that carries no newer one, was applied before the target was seen, in exactly the
 * version that is here now. See docs/internals/verification.md for the whole argument.
 */
export async function judge(subject: Subject, keys: readonly Key[], seen: Sighting): Promise<Judgement> {
  const { db, tenancyId, mapping, target } = subject;
  const position = await comparablePosition(subject, seen.position);
  const parked = new Set(seen.parked.map((key) => JSON.stringify(key)));
  const asked = keys.filter((key) => !parked.has(JSON.stringify(key)));
  const { cursor } = position;
  const judgement = { present: [], absent: [], sourceLsn: null, unsettled: [], parked: seen.parked, cursor };
  if (asked.length === 0) return judgement;
  if (!(await isEpochCertain(db))) return { ...judgement, unsettled: asked };
  const rows = await readSettled(db, tenancyId, mapping, target, asked, cursor);
  return {
    present: rows.flatMap(({ settled, values }) => (settled && values !== null ? [values] : [])),
    absent: rows.flatMap(({ settled, values, key }) => (settled && values === null ? [key] : [])),
    sourceLsn: await readLsn(db),
    unsettled: rows.filter(({ settled }) => !settled).map(({ key }) => key),
    parked: seen.parked,
    cursor,
  };
}

/** Throws {@link NotComparableError} unless the copy is complete and streaming would go on from there. */
export async function comparablePosition({ db, tenancyId, mapping }: Subject, position: Sighting['position']) {
  if (position === null || position.copy !== null) throw new NotComparableError('The copy is being made');
  const history = (await readHistories(db, tenancyId))(mapping.table.name);
  if (judgePosition(position, history) !== 'continue') throw new NotComparableError('The copy begins anew');
  return position;
}
