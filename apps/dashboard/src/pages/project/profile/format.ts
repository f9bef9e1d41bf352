/** `0.3 ms`: profiles are about parts of one. */
export function formatExact(milliseconds: number): string {
  return milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds).toLocaleString('en')} ms`;
}

const STEPS = [
  { of: 1_000_000_000, unit: 'GB' },
  { of: 1_000_000, unit: 'MB' },
  { of: 1_000, unit: 'kB' },
] as const;

/** `1.5 MB` */
export function formatBytes(bytes: number): string {
  const step = STEPS.find(({ of }) => bytes >= of);
  return step === undefined ? `${Math.round(bytes)} B` : `${(bytes / step.of).toFixed(1)} ${step.unit}`;
}

/** `+320 %` */
export function formatChange({ percent, now }: { percent: number | null; now: number }): string {
  if (percent === null) return now === 0 ? '0 %' : 'new';
  const sign = percent > 0 ? '+' : percent < 0 ? '−' : '';
  return `${sign}${Math.abs(percent).toLocaleString('en')} %`;
}
