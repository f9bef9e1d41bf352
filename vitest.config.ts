import { execFileSync } from 'node:child_process';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Sources of the JavaScript client that are generated and not committed.
execFileSync(process.execPath, ['scripts/generated-env.mjs'], { stdio: 'inherit' });

/** What takes minutes. Left to itself, vitest goes by the size of files, and some of these would run alone at the end. */
const LONG = ['/chaos/src/', '/e2e/src/emulator/', '/e2e/src/dashboard/', '/scripts/migration-compat/'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((folder) => moduleId.includes(folder));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: [
      'packages/**/*.test.ts',
      'apps/**/*.test.ts',
      'e2e/**/*.test.ts',
      'benchmarks/**/*.test.ts',
      'chaos/**/*.test.ts',
      'docker/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    globalSetup: ['packages/testing/src/global-setup.ts'],
    setupFiles: ['packages/testing/src/setup-file.ts'],
    // Processes, not threads: tests start programs, and one that crashes must not take others with it.
    pool: 'forks',
    // Most of the time a test waits for programs that it has started. By default, one core is left idle of two.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
