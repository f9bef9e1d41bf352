/**
 * Settings under which the same value has the same text on every server. Local to the transaction: behind a transaction
 * pooler the session goes to others afterwards. Statistics may know nothing of a table that has just been filled: only the
 * walk over the primary key is right.
 */
export const COMPARABLE_SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'iso_8601',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  jit: 'off',
};

/** One statement that makes settings local to its transaction. */
export function settingsSql(settings: Readonly<Record<string, string | number>>): string {
  const set = Object.entries(settings).map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`);
  return `SELECT ${set.join(', ')}`;
}
