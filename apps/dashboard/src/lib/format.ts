import type { CountPrecision } from '@hexclave/contract';

const numbers = new Intl.NumberFormat('en');
const rates = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export function formatCount(count: number): string {
  return numbers.format(count);
}

/** `1.2K`, where there is little room. */
export function formatCompact(count: number): string {
  return compact.format(count);
}

/** A number that may be a lower bound or an estimate, and then says so. */
export function formatRows(count: number, precision: CountPrecision): string {
  if (precision === 'at_least') return `${numbers.format(count)}+`;
  return precision === 'about' ? `~${numbers.format(count)}` : numbers.format(count);
}

/** `1 parked row`, `12 parked rows` */
export function parkedRows(count: number): string {
  return `${formatCount(count)} parked ${count === 1 ? 'row' : 'rows'}`;
}

export function formatRate(perSecond: number): string {
  const rounded = perSecond >= 100 ? Math.round(perSecond) : perSecond;
  return `${rates.format(rounded)}/s`;
}

const STEPS = [
  { below: 1_000, of: 1, unit: 'ms' },
  { below: 60_000, of: 1_000, unit: 's' },
  { below: 3_600_000, of: 60_000, unit: 'min' },
  { below: 86_400_000, of: 3_600_000, unit: 'h' },
  { below: Number.POSITIVE_INFINITY, of: 86_400_000, unit: 'days' },
] as const;

/** `4 ms`, `1.5 s`, `12 min`: two digits or so are enough. */
export function formatDuration(milliseconds: number): string {
  const rest = Math.max(0, milliseconds);
  const step = STEPS.find(({ below }) => rest < below) ?? STEPS[4];
  const value = rest / step.of;
  const text = step.of > 1 && value < 10 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value));
  return `${text} ${text === '1' && step.unit === 'days' ? 'day' : step.unit}`;
}

/** `12:03:07.412`, with the date when it is not today's. */
export function formatTime(millis: number, { now = Date.now(), exact = false } = {}): string {
  const date = new Date(millis);
  const clock = date.toLocaleTimeString('en-GB') + (exact ? `.${String(date.getMilliseconds()).padStart(3, '0')}` : '');
  return isSameDay(date, new Date(now)) ? clock : `${formatDate(millis)}, ${clock}`;
}

export function formatDate(millis: number): string {
  return new Date(millis).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

function isSameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}
