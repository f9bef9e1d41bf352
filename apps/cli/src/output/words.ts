const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** `1,234` */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** `3 rows`, `1 row` */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A length of time in its two largest units: `4 ms`, `2.5 s`, `3 min 20 s`, `2 d 4 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < MINUTE_S) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < HOUR_S) return two(whole, MINUTE_S, 'min', 1, 's');
  if (whole < DAY_S) return two(whole, HOUR_S, 'h', MINUTE_S, 'min');
  return two(whole, DAY_S, 'd', HOUR_S, 'h');
}

function two(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

/** `2026-11-22 23:41:43 UTC`: the same for readers in all time zones. */
export function moment(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `3 min 20 s ago` */
export function ago(milliseconds: number, now: number): string {
  return `${duration(now - milliseconds)} ago`;
}
