const BARS = [...'▁▂▃▄▅▆▇█'];

/** Values as a row of bars, each as high as its share of the largest. No value: a gap. */
export function sparkline(values: readonly (number | null)[]): string {
  const largest = Math.max(...values.map((value) => value ?? 0), 0);
  return values.map((value) => (value === null ? ' ' : bar(value, largest))).join('');
}

function bar(value: number, largest: number): string {
  if (largest === 0) return BARS[0] ?? '';
  return BARS[Math.min(BARS.length - 1, Math.floor((value / largest) * BARS.length))] ?? '';
}
