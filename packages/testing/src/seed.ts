import { loadEnvironment, TEST_CATALOGUE } from '@hexclave/env';

/** The seed of a test's random choices: a new one each time, unless HEXCLAVE_TEST_SEED repeats one. */
export function testSeed(): number {
  return loadEnvironment(TEST_CATALOGUE, { defaultMode: 'test' }).seed ?? Date.now() % 2 ** 32;
}
