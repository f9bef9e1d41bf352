import type { Strike } from '../nemesis/fault.ts';
import { isForgotten } from './surfacing.ts';
import type { Violation } from './violation.ts';

/**
 * A target that was restored has to be noticed although nothing is written: when its connections broke by whoever had them,
 * unless that process was killed or held, otherwise when somebody asks.
 */
export function findUnnoticed(strikes: readonly Strike[]): Violation[] {
  return strikes.flatMap((strike) => {
    const { kind, notice, from, to } = strike;
    if (notice === undefined || notice.noticed === 'at once') return [];
    if (notice.noticed !== 'never' && isForgotten(strikes, from, to)) return [];
    const what = `${kind} at ${notice.target} was to be noticed ${notice.must}, and was noticed ${notice.noticed}`;
    return [{ kind: 'unnoticed restore' as const, what }];
  });
}
