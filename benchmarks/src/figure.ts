import type { Bench } from './bench.ts';

/** One measured figure, as it is written to the JSON file. */
export type FigureResult = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, in the same unit; `null` when the goal is absolute. */
  readonly baseline: number | null;
  /** `value / baseline`, or `null`. */
  readonly ratio: number | null;
  /** In words. */
  readonly goal: string;
  readonly met: boolean;
};

/** A measurement that yields one or more figures; its file in figures/ says how. */
export type Figure = {
  /** For `--only`. */
  readonly name: string;
  readonly measure: (bench: Bench) => Promise<FigureResult[]>;
};

export type Comparison = {
  readonly name: string;
  readonly value: number;
  readonly baseline: number;
  readonly unit: string;
  /** What `baseline` is. */
  readonly against: string;
};

/** A figure that must be at least `factor` times its baseline. */
export function atLeast(factor: number, comparison: Comparison): FigureResult {
  return compare(comparison, `≥ ${factor} × ${comparison.against}`, (ratio) => ratio >= factor);
}

/** A figure that must be at most `factor` times its baseline. */
export function atMost(factor: number, comparison: Comparison): FigureResult {
  return compare(comparison, `≤ ${factor} × ${comparison.against}`, (ratio) => ratio <= factor);
}

function compare(comparison: Comparison, goal: string, isMet: (ratio: number) => boolean): FigureResult {
  const { name, value, unit, baseline } = comparison;
  const ratio = value / baseline;
  return { name, value, unit, baseline, ratio, goal, met: isMet(ratio) };
}

/** A figure that must not be above a fixed limit, whatever it may be compared with. */
export function limited(
  name: string,
  value: number,
  unit: string,
  limit: number,
  baseline: number | null = null,
): FigureResult {
  const ratio = baseline === null ? null : value / baseline;
  return { name, value, unit, baseline, ratio, goal: `≤ ${limit} ${unit}`, met: value <= limit };
}
