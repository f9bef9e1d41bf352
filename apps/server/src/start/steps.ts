import type { Environment } from '@hexclave/env';
import { HexclaveError } from '@hexclave/errors';

/** What a start does to the internal database before it serves. */
export type Steps = { migrate: boolean; seed: boolean };

type Given = Pick<Environment, 'skipMigrations' | 'runMigrations' | 'skipSeedScript' | 'runSeedScript'>;

/** @throws {HexclaveError} ENVIRONMENT_INVALID when a step is both wanted and not */
export function stepsOf(given: Given): Steps {
  return {
    migrate: isWanted('MIGRATIONS', given.skipMigrations, given.runMigrations),
    seed: isWanted('SEED_SCRIPT', given.skipSeedScript, given.runSeedScript),
  };
}

function isWanted(step: string, skip: boolean | undefined, run: boolean | undefined): boolean {
  if (skip !== undefined && skip === run) {
    throw new HexclaveError({
      code: 'ENVIRONMENT_INVALID',
      message: `HEXCLAVE_SKIP_${step} and HEXCLAVE_RUN_${step} are both ${skip}, which cannot be meant.`,
      remedy: `Unset HEXCLAVE_RUN_${step}, or set it to ${!skip}.`,
    });
  }
  return skip === undefined ? run !== false : !skip;
}
