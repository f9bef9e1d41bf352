import { bisect, type Mode } from './plan.ts';
import type { Programs } from './programs.ts';
import type { Progress } from './progress.ts';
import { type FileResult, failedFiles, runTests, type TestRun } from './run-tests.ts';
import { selectTests } from './select-tests.ts';
import { firstNewRefusal, type RefusedStatement } from './server-log.ts';
import type { Worktree } from './worktree.ts';

export type Verdict =
  | { mode: Mode; outcome: 'compatible'; tests: number; files: number }
  | { mode: Mode; outcome: 'declared-breaking'; migrations: readonly string[] }
  | {
      mode: Mode;
      outcome: 'incompatible';
      failed: FileResult[];
      migration: string;
      query: RefusedStatement | undefined;
    }
  /** The run says nothing about the migrations: the tests fail just as well where they are not in question. */
  | { mode: Mode; outcome: 'unusable'; reason: string; failed: FileResult[] };

export type Setting = {
  mode: Mode;
  /** The code under test. */
  worktree: Worktree;
  /** The commit that has all migrations. */
  branch: string;
  /** The names of the new ones, in order. */
  added: readonly string[];
  tests: string | undefined;
  programs: Programs;
  progress: Progress;
};

/** Runs one direction, and finds out what is to blame when it fails. */
export async function judgeDirection(setting: Setting): Promise<Verdict> {
  const { mode, worktree, tests } = setting;
  const files = selectTests(worktree.path).filter((file) => tests === undefined || new RegExp(tests).test(file));
  if (files.length === 0) return unusable(setting, `No test that uses a database has a path like ${tests}.`);
  setting.progress.begin(`${mode}-compat`, files.length);
  const run = await runWith(setting, questionedCount(setting), files);
  setting.progress.end();
  if (run.broken !== undefined) return unusable(setting, `The tests did not run:\n${run.broken}`);
  const failed = failedFiles(run);
  if (failed.length > 0) return blame(setting, failed, run);
  const ran = run.results.reduce((sum, result) => sum + result.ran, 0);
  return { mode, outcome: 'compatible', tests: ran, files: files.length };
}

/** How many of the new migrations are there in the run that is in question; in the other one nothing is. */
function questionedCount({ mode, added }: Setting): number {
  return mode === 'back' ? added.length : 0;
}

async function blame(setting: Setting, failed: FileResult[], run: TestRun): Promise<Verdict> {
  const { mode, added } = setting;
  const files = failed.map(({ file }) => file).filter((file) => !file.startsWith('('));
  setting.progress.note(`${failed.length} test files fail; looking for the migration`);
  const control = await runWith(setting, added.length - questionedCount(setting), files);
  const controlFailed = new Set(failedFiles(control).map(({ file }) => file));
  const toBlame = failed.filter(({ file }) => !controlFailed.has(file));
  const [first] = toBlame;
  if (first === undefined || control.broken !== undefined)
    return unusable(
      setting,
      'The same test files fail without that, so they say nothing about the migrations.',
      failed,
    );
  const culprit = await bisect(added.length, async (count) => {
    const failsNow = failedFiles(await runWith(setting, count, [first.file])).length > 0;
    return mode === 'back' ? failsNow : !failsNow;
  });
  const migration = added[culprit - 1] ?? '';
  const messages = toBlame.flatMap(({ failures }) => failures.map(({ message }) => message));
  const query = firstNewRefusal(run.log, control.log, messages);
  return { mode, outcome: 'incompatible', failed: toBlame, migration, query };
}

/** With the first `count` of the new migrations. */
function runWith(setting: Setting, count: number, files: readonly string[]): Promise<TestRun> {
  const without = setting.added.slice(count);
  setting.worktree.useMigrations(setting.branch, without);
  return runTests(setting.worktree.path, files, {
    programs: setting.programs,
    withoutMigrations: without,
    onFile: ({ file, failures }) => setting.progress.done(file, failures.length === 0),
  });
}

function unusable({ mode }: Setting, reason: string, failed: FileResult[] = []): Verdict {
  return { mode, outcome: 'unusable', reason, failed };
}
