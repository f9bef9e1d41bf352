import type { Queryable } from '@hexclave/db';
import { DESTINATION_ERRORS } from '../destination-error.ts';
import type { MappingResult, PassState, Step } from './pass.ts';
import type { DatabaseKey } from './subjects.ts';

/** What is said of a mapping in which differences were found, until a whole pass finds none. */
function verdictOf({ remaining, repaired }: MappingResult) {
  if (remaining > 0) return 'TARGET_ROWS_DIFFER';
  return repaired > 0 ? 'TARGET_ROWS_REPAIRED' : null;
}

/** Changes that are on their way to a target that moves are younger than the pass; to one that does not, nobody knows. */
function isRight({ remaining, standsStill }: MappingResult): boolean {
  return remaining === 0 && !standsStill;
}

/** Shows what a step found that began at `before`. */
export async function saveFindings(
  tx: Queryable,
  key: DatabaseKey,
  before: PassState,
  { state, differences }: Step,
): Promise<void> {
  for (const result of state.results.filter((one) => !before.results.includes(one))) {
    const ours = differences.filter(({ mapping }) => mapping === result.mapping);
    const repaired = ours.filter(({ outcome }) => outcome === 'repaired').length;
    await saveVerdict(tx, key, result, repaired);
  }
}

/** What is said of differences is only made worse, not better, by who has not looked at all rows. */
const unlessWorse = (column: string, value: string) =>
  `"${column}" = CASE WHEN NOT $11 AND s."verificationErrorCode" = 'TARGET_ROWS_DIFFER' THEN s."${column}" ELSE ${value} END`;

/**
 * Shows what was found. In the middle of a pass only bad news count; a whole pass over a mapping also takes back what an
 * earlier one said, and moves "verified through" on if nothing is left that differs. A later pass never moves it back.
 */
async function saveVerdict(
  tx: Queryable,
  { tenancyId, externalDatabaseId }: DatabaseKey,
  result: MappingResult,
  repairedNow: number,
): Promise<void> {
  const code = verdictOf(result);
  const isWhole = result.state === 'verified';
  // Where the target stood still, rows that an earlier pass spoke of may be among those that nothing can be said of.
  const takesBack = isWhole && !result.standsStill;
  if (result.state === 'skipped' || (code === null && !takesBack)) return;
  const known = code === null ? null : DESTINATION_ERRORS[code];
  await tx.query(
    `UPDATE "ExternalDatabaseMappingState" s SET "repairedRows" = s."repairedRows" + $4,
       "differingRows" = CASE WHEN $11 THEN $5 ELSE GREATEST(s."differingRows", $5) END,
       "differingSince" = CASE WHEN $6::text IS NULL THEN NULL ELSE COALESCE(s."differingSince", now()) END,
       ${unlessWorse('verificationErrorCode', '$6')}, ${unlessWorse('verificationErrorMessage', '$7')}, ${unlessWorse('verificationErrorRemedy', '$8')},
       "verifiedThrough" = CASE WHEN $9 THEN GREATEST(s."verifiedThrough", $10::timestamptz) ELSE s."verifiedThrough" END
     WHERE s."tenancyId" = $1 AND s."externalDatabaseId" = $2 AND s."mapping" = $3`,
    [
      ...[tenancyId, externalDatabaseId, result.mapping, repairedNow, result.remaining],
      ...[code, known?.message ?? null, known?.remedy ?? null],
      ...[isWhole && isRight(result), result.startedAt, takesBack],
    ],
  );
}

/** Shows since when all mappings of an external database are known to be right, after a pass over all of them. */
export async function saveVerifiedThrough(
  tx: Queryable,
  { tenancyId, externalDatabaseId }: DatabaseKey,
  results: readonly MappingResult[],
): Promise<void> {
  if (!results.every((result) => result.state === 'verified' && isRight(result))) return;
  await tx.query(
    `UPDATE "ExternalDatabaseState" s SET "verifiedThrough" = GREATEST(s."verifiedThrough", (SELECT min(t.at) FROM unnest($3::timestamptz[]) t (at)))
     WHERE s."tenancyId" = $1 AND s."externalDatabaseId" = $2`,
    [tenancyId, externalDatabaseId, results.map(({ startedAt }) => startedAt)],
  );
}
