import { bisect, type Mode } from './plan.ts';
import type { Programs } from './programs.ts';
import type { Outcome, Progress } from './progress.ts';
import { type FileResult, failedFiles, runTests, type TestRun } from './run-tests.ts';
import { selectTests } from './select-tests.ts';
import { firstNewRefusal, type RefusedStatement, tellsOfSchema } from './server-log.ts';
import type { Worktree } from './worktree.ts';

export type Verdict =
  | {
      mode: Mode;
      outcome: 'compatible';
      tests: number;
      files: number;
      /** Migration → how many files declare that they need it, and were left out. */
      leftOut: ReadonlyMap<string, number>;
      /** Files that failed once, and passed when they were run again as they were. */
      unsteady: string[];
    }
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
  /** The commit that has none of the new ones. */
  base: string;
  /** The names of the new ones, in order. */
  added: readonly string[];
  /** Parts of paths; empty: all test files that use a database. */
  filters: readonly string[];
  programs: Programs;
  progress: Progress;
};

/** Runs one direction, and finds out what is to blame when it fails. */
export async function judgeDirection(setting: Setting): Promise<Verdict> {
  const { mode, worktree, filters } = setting;
  const isWanted = (file: string) => filters.length === 0 || filters.some((filter) => file.includes(filter));
  const files = selectTests(worktree.path).filter(isWanted);
  if (files.length === 0)
    return unusable(setting, `No test that uses a database has a path like ${filters.join(', ')}.`);
  setting.progress.begin(`${mode}-compat`, files.length);
  const run = await runWith(setting, questionedCount(setting), files);
  setting.progress.end();
  if (run.broken !== undefined) return unusable(setting, `The tests did not run:\n${run.broken}`);
  const failed = failedFiles(run);
  const again = await failAgain(setting, failed, run.log);
  if (again.length > 0) return blame(setting, again, run);
  return {
    ...{ mode, outcome: 'compatible' },
    tests: run.results.reduce((sum, result) => sum + result.ran, 0),
    files: run.results.filter(({ leftOut }) => leftOut.length === 0).length,
    leftOut: countLeftOut(run),
    unsteady: failed.map(({ file }) => file),
  };
}

/**
 * What fails twice, or because PostgreSQL refused a statement. A test that fails now and then would else be blamed on a
 * migration, since it passes without.
 */
async function failAgain(setting: Setting, failed: FileResult[], log: string): Promise<FileResult[]> {
  const doubtful = failed.filter(({ failures }) => !failures.some(({ message }) => tellsOfSchema(message, log)));
  const files = filesOf(doubtful);
  if (files.length === 0) return failed;
  setting.progress.note(`${files.length} test files fail for no reason of the schema; running them again`);
  const run = await runWith(setting, questionedCount(setting), files);
  if (run.broken !== undefined) return failed;
  const still = new Set(failedFiles(run).map(({ file }) => file));
  return failed.filter((result) => still.has(result.file) || !doubtful.includes(result));
}

function countLeftOut({ results }: TestRun): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of results.flatMap(({ leftOut }) => leftOut)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map([...counts].sort());
}

function isOfFile({ file }: FileResult): boolean {
  return !file.startsWith('(');
}

/** Without errors that belong to no file. */
function filesOf(results: readonly FileResult[]): string[] {
  return results.filter(isOfFile).map(({ file }) => file);
}

/** How many of the new migrations are there in the run that is in question; in the other one nothing is. */
function questionedCount({ mode, added }: Setting): number {
  return mode === 'back' ? added.length : 0;
}

async function blame(setting: Setting, failed: FileResult[], run: TestRun): Promise<Verdict> {
  const { mode, added } = setting;
  if (filesOf(failed).length === 0) return unusable(setting, 'Something failed outside of all tests.', failed);
  setting.progress.note(`${failed.length} test files fail; looking for the migration`);
  const control = await runWith(setting, added.length - questionedCount(setting), filesOf(failed));
  const controlFailed = new Set(failedFiles(control).map(({ file }) => file));
  const toBlame = failed.filter(({ file }) => !controlFailed.has(file));
  // Migrations are looked for with a file that can be run alone.
  const first = toBlame.find(isOfFile);
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
  // Of the file that the migration was found with: others may fail because of another one.
  const messages = first.failures.map(({ message }) => message);
  const query = firstNewRefusal(await logOf(setting, first, run), control.log, messages);
  return { mode, outcome: 'incompatible', failed: toBlame, migration, query };
}

/** Where no failure quotes a refusal, those that other files provoke on purpose must not be taken for it. */
async function logOf(setting: Setting, { file, failures }: FileResult, { log }: TestRun): Promise<string> {
  if (failures.some(({ message }) => tellsOfSchema(message, log))) return log;
  return (await runWith(setting, questionedCount(setting), [file])).log;
}

/** With the first `count` of the new migrations. */
function runWith(setting: Setting, count: number, files: readonly string[]): Promise<TestRun> {
  const { branch, base, added } = setting;
  const without = added.slice(count);
  setting.worktree.useMigrations(branch, { without, schemaOf: schemaOf(count, added.length, { branch, base }) });
  return runTests(setting.worktree.path, files, {
    programs: setting.programs,
    withoutMigrations: without,
    onFile: (result) => setting.progress.done(result.file, outcomeOf(result)),
  });
}

function outcomeOf({ failures, leftOut }: FileResult): Outcome {
  if (leftOut.length > 0) return 'leftOut';
  return failures.length === 0 ? 'passed' : 'failed';
}

/** Whose list of what a database has is right; nobody has one of a part of the new migrations. */
function schemaOf(count: number, all: number, commits: { branch: string; base: string }): string | undefined {
  if (count === all) return commits.branch;
  return count === 0 ? commits.base : undefined;
}

function unusable({ mode }: Setting, reason: string, failed: FileResult[] = []): Verdict {
  return { mode, outcome: 'unusable', reason, failed };
}
