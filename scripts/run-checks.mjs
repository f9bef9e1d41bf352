import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * Runs one check as a program of its own.
 * @param {string} name
 * @param {string[]} args of Node
 * @returns {Counts}
 */
export function runCheck(name, args) {
  const started = Date.now();
  console.log(`\n▶ ${name}`);
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  const verdict = status === 0 ? '✓' : '✗';
  console.log(`${verdict} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

/**
 * Runs the tests and counts them one by one.
 * @param {string[]} args for vitest
 * @returns {Counts}
 */
export function runTests(args) {
  console.log('\n▶ tests');
  const folder = mkdtempSync(join(tmpdir(), 'hexclave-report-'));
  const report = join(folder, 'report.json');
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json'];
  const { status } = spawnSync(process.execPath, [...vitest, `--outputFile.json=${report}`, ...args], {
    stdio: 'inherit',
  });
  const counts = existsSync(report) ? countTests(JSON.parse(readFileSync(report, 'utf8'))) : noTests();
  rmSync(folder, { recursive: true });
  // A suite that cannot be loaded, or an error outside of any test, fails the run without failing a test.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function countTests(report) {
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function noTests() {
  return { passed: 0, failed: 0, skipped: 0 };
}

/** @param {Counts[]} all */
export function addUp(all) {
  const sum = (key) => all.reduce((total, counts) => total + counts[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}
