import { expect, test } from 'vitest';
import { splitRemedy } from './remedy.ts';

test('SQL is told apart from the words before it', () => {
  expect(splitRemedy('Run: ALTER TABLE "hexclave"."users" ADD COLUMN "a" text;').sql).toBe(
    'ALTER TABLE "hexclave"."users" ADD COLUMN "a" text;',
  );
});

test('several statements are taken as they are', () => {
  const sql = 'CREATE SCHEMA "a";\nGRANT USAGE, CREATE ON SCHEMA "a" TO "b";';
  expect(splitRemedy(sql).sql).toBe(sql);
});

test.each([
  'Check that it is running, that host and port are right.',
  'GRANT CREATE ON DATABASE … TO the role, or create the schema yourself and make the role its owner.',
  'GRANT CREATE ON DATABASE … TO role;',
])('what cannot be run as it is stays words: %s', (remedy) => {
  expect(splitRemedy(remedy)).toEqual({ text: remedy, sql: undefined });
});
