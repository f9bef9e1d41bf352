import type { Random } from '@hexclave/testing/random';

/** Part of many values: must never be seen in a log, an answer or a metric. */
export const ROW_CANARY = 'canary-row-7f3a9c';

const TEXTS = [
  'plain',
  '',
  '\\N',
  '\\.',
  'tab\tand\nnewline\r',
  `quote ' double " back\\slash $$ $1 %s`,
  'NULL',
  '🦊 \u202Eright to left\u202C',
  'e\u0301 and \u00e9',
  '<img src=x onerror=alert(1)>',
  "'; DROP TABLE users; --",
  '\u2028\u0085\ufeff',
  'x'.repeat(9_000),
  ROW_CANARY,
] as const;

const DOCUMENTS = [
  'null',
  '[]',
  '{}',
  '1.0',
  '9007199254740993',
  '12345678901234567890.123456789',
  '"text"',
  '{"a": {"b": [1, 1.0, null, "\\\\N"]}, "": ""}',
  `{"secret": "${ROW_CANARY}"}`,
  '[{"deep": [[[[[[[["bottom"]]]]]]]]}]',
] as const;

const MOMENTS = [
  '2024-02-29 12:00:00.123456+00',
  'infinity',
  '-infinity',
  '0044-03-15 12:00:00+00 BC',
  '1970-01-01 00:00:00+00',
  '9999-12-31 23:59:59.999999+00',
] as const;

/** Values that copies have been known to get wrong. */
export const hostileText = (random: Random): string => `${random.pick(TEXTS)}${random.int(1_000)}`;
export const hostileJson = (random: Random): string => random.pick(DOCUMENTS);
export const hostileMoment = (random: Random): string => random.pick(MOMENTS);
