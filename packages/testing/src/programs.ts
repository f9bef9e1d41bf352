import { spawnSync } from 'node:child_process';
import { currentEnvironment } from '@hexclave/env';

/**
 * Whether a test that needs a program outside of npm has to be skipped: only on a contributor's machine that lacks it.
 * With CI set, a missing program is an error: what is skipped everywhere is tested nowhere.
 */
export function programOrSkip(name: string): { skip: boolean } {
  if (spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined) return { skip: false };
  if (currentEnvironment().CI)
    throw new Error(`${name} is needed by these tests and not installed. .ci/run installs it.`);
  return { skip: true };
}
