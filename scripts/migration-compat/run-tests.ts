import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Programs, runProgram } from './programs.ts';

/** What the reporter tells of a test file that has ended. */
export type FileResult = {
  file: string;
  ran: number;
  failures: { test: string; message: string }[];
  /** The migrations that it was left out for, as it declares. */
  leftOut: string[];
};

export type TestRun = {
  results: FileResult[];
  /** Of PostgreSQL; empty when the tested commit cannot keep it yet. */
  log: string;
  /** What vitest printed, when it could not run the files at all. */
  broken?: string;
};

const REPORTER = fileURLToPath(new URL('./reporter.mjs', import.meta.url));

/** Runs test files of a checkout with its own vitest, on a PostgreSQL of their own. */
export async function runTests(
  checkout: string,
  files: readonly string[],
  options: { programs: Programs; withoutMigrations: readonly string[]; onFile: (result: FileResult) => void },
): Promise<TestRun> {
  const folder = mkdtempSync(join(tmpdir(), 'hexclave-compat-log-'));
  const logFile = join(folder, 'postgres.log');
  const results: FileResult[] = [];
  try {
    const vitest = join('node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', `--reporter=${REPORTER}`, ...files];
    const onResult = (result: FileResult) => {
      results.push(result);
      options.onFile(result);
    };
    const { code, output } = await runProgram(options.programs, process.execPath, args, checkout, {
      env: {
        HEXCLAVE_TEST_POSTGRES_LOG: logFile,
        HEXCLAVE_TEST_WITHOUT_MIGRATIONS: options.withoutMigrations.join(','),
      },
      onReport: (line) => onResult(JSON.parse(line) as FileResult),
    });
    const log = existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
    // A file that was left out ends with an error too.
    const failedSilently = code !== 0 && !results.some(({ failures, leftOut }) => failures.length + leftOut.length > 0);
    if (failedSilently) return { results, log, broken: output };
    for (const file of unended(files, results)) onResult(file);
    return { results, log };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Files that nothing was told of, as when the process that ran them was killed: they are not among those that pass. */
function unended(files: readonly string[], results: readonly FileResult[]): FileResult[] {
  const told = new Set(results.map(({ file }) => file));
  const failures = [{ test: '(the file itself)', message: 'It came to no end.' }];
  return files.filter((file) => !told.has(file)).map((file) => ({ file, ran: 0, failures, leftOut: [] }));
}

export function failedFiles({ results }: TestRun): FileResult[] {
  return results.filter(({ failures }) => failures.length > 0);
}
