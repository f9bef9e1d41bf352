import { PROFILE_COMPARED, PROFILE_NOISE, type ProfileComparedMeasure } from '@hexclave/config';
import type { Measures } from './measures.ts';

/** An earlier run of the same statement. */
export type Earlier = {
  readonly measures: Measures;
  readonly planDigest: string | null;
  readonly indexesUsed: readonly string[];
};

/** One measure beside what it was, both for as many rows as now. */
export type Change = {
  readonly before: number;
  readonly now: number;
  /** By how much it has grown; `null`: it was nothing before. */
  readonly percent: number | null;
  /** `same`: no more than noise. */
  readonly trend: 'same' | 'better' | 'worse';
};

/** A statement beside the runs before. */
export type Comparison = {
  /** So many runs, whose median is what was before. */
  readonly runs: number;
  /** Whether the plan has the shape that it had the last time. */
  readonly samePlan: boolean;
  /** Indexes that it used the last time, and no longer. */
  readonly indexesGone: readonly string[];
  readonly changes: Readonly<Partial<Record<ProfileComparedMeasure, Change>>>;
};

/** The last runs count, the newest first. `null`: there are none. */
export function compare(now: Earlier, earlier: readonly Earlier[]): Comparison | null {
  const [last] = earlier;
  if (last === undefined) return null;
  const names = Object.keys(PROFILE_COMPARED) as ProfileComparedMeasure[];
  const changes = names.flatMap((name) => {
    const change = changeOf(name, now.measures, earlier);
    return change === null ? [] : [[name, change]];
  });
  return {
    runs: earlier.length,
    samePlan: last.planDigest === now.planDigest,
    indexesGone: last.indexesUsed.filter((index) => !now.indexesUsed.includes(index)),
    changes: Object.fromEntries(changes) as Comparison['changes'],
  };
}

/** The median: one slow run before neither hides a regression nor makes one. */
function changeOf(name: ProfileComparedMeasure, measures: Measures, earlier: readonly Earlier[]): Change | null {
  const now = costOf(name, measures);
  const rows = Math.max(measures.rows ?? 0, 1);
  const values = earlier.flatMap((one) => {
    const value = costOf(name, one.measures);
    return value === null ? [] : [(value / Math.max(one.measures.rows ?? 0, 1)) * rows];
  });
  if (now === null || values.length === 0) return null;
  const before = median(values);
  const percent = before === 0 ? null : Math.round((now / before - 1) * 100);
  return { before, now, percent, trend: trendOf(before, now, PROFILE_NOISE[PROFILE_COMPARED[name]]) };
}

function trendOf(before: number, now: number, atLeast: number): Change['trend'] {
  const { times } = PROFILE_NOISE;
  if (now > before * times && now - before > atLeast) return 'worse';
  return before > now * times && before - now > atLeast ? 'better' : 'same';
}

function costOf(name: ProfileComparedMeasure, measures: Measures): number | null {
  if (name !== 'pages') return measures[name] ?? null;
  const { buffers_hit: hit, buffers_read: read } = measures;
  return hit === undefined || read === undefined ? null : hit + read;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
