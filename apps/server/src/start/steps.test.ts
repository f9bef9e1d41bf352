import { expect, test } from 'vitest';
import { stepsOf } from './steps.ts';

const NOTHING = {
  skipMigrations: undefined,
  runMigrations: undefined,
  skipSeedScript: undefined,
  runSeedScript: undefined,
};

test.each([
  [{}, true],
  [{ skipMigrations: false }, true],
  [{ skipMigrations: true }, false],
  [{ runMigrations: true }, true],
  [{ runMigrations: false }, false],
  [{ skipMigrations: true, runMigrations: false }, false],
  [{ skipMigrations: false, runMigrations: true }, true],
])('with %j, whether to migrate is %s, and the seed goes its own way', (given, wanted) => {
  expect(stepsOf({ ...NOTHING, ...given })).toEqual({ migrate: wanted, seed: true });
});

test.each([true, false])('skipping and running the seed cannot both be %s', (both) => {
  expect(() => stepsOf({ ...NOTHING, skipSeedScript: both, runSeedScript: both })).toThrow(
    `HEXCLAVE_SKIP_SEED_SCRIPT and HEXCLAVE_RUN_SEED_SCRIPT are both ${both}`,
  );
});
