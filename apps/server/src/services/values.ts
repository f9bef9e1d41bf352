const MAX_MILLIS = 8.64e15;

/** Milliseconds of a time; PostgreSQL's ±infinity becomes the last moment that a number of milliseconds can name. */
export function millisOf(time: Date | number): number {
  return Math.max(-MAX_MILLIS, Math.min(MAX_MILLIS, Number(time)));
}

/** The fields that were given, so that an UPDATE leaves the others alone. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
