import { expect, test } from 'vitest';
import { fileNeedsMigrations, needsMigration } from './index.ts';

test('a test that needs a migration runs where it is, and is left out where it was taken away', () => {
  expect(needsMigration('0001_core', {})).toEqual({ skip: false });
  const without = { HEXCLAVE_TEST_WITHOUT_MIGRATIONS: '0998_one,0999_other' };
  expect(needsMigration('0999_other', without)).toEqual({ skip: true });
  expect(needsMigration('0001_core', without)).toEqual({ skip: false });
});

test('a migration that does not exist is no declaration', () => {
  expect(() => needsMigration('0999_typo', {})).toThrow(/no packages\/migrations\/sql\/0999_typo\.sql/);
});

test('a whole file that needs migrations is loaded where they are, and is left out by name where one was taken away', () => {
  expect(() => fileNeedsMigrations(['0001_core', '0002_sync'], {})).not.toThrow();
  const without = { HEXCLAVE_TEST_WITHOUT_MIGRATIONS: '0002_sync' };
  expect(() => fileNeedsMigrations(['0001_core', '0002_sync'], without)).toThrow(
    expect.objectContaining({ name: 'MigrationLeftOut', message: '0002_sync' }),
  );
});
