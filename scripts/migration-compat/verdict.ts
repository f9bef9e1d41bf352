import type { Verdict } from './direction.ts';

const MEANING = {
  back: 'Old servers on the new schema',
  forward: 'New servers on the old schema',
} as const;
const SHOWN_FAILURES = 5;

/** The verdict of one direction, for people. */
export function describeVerdict(verdict: Verdict): string {
  const title = `${MEANING[verdict.mode]} (${verdict.mode}-compat)`;
  switch (verdict.outcome) {
    case 'compatible':
      return [
        `✓ ${title}: ${verdict.tests} tests in ${verdict.files} files pass.`,
        ...[...verdict.leftOut].map(
          ([name, count]) => `  left out, as they declare that they need ${name}: ${count} files`,
        ),
        ...verdict.unsteady.map((file) => `  only when run again: ${file}`),
      ].join('\n');
    case 'declared-breaking':
      return `! ${title}: ${verdict.migrations.join(', ')} is marked as breaking, so old servers refuse to run. Stop them before you deploy.`;
    case 'unusable':
      return [`✗ ${title}: no verdict. ${verdict.reason}`, ...failures(verdict.failed)].join('\n');
    case 'incompatible':
      return [
        `✗ ${title}: ${culprit(verdict)}`,
        ...(verdict.query === undefined ? [] : query(verdict.query)),
        ...failures(verdict.failed),
        `  → ${REMEDIES[verdict.mode]}`,
      ].join('\n');
  }
}

const REMEDIES = {
  back: 'Split it: add what is new first, and take away what is old in a later release, once no server uses it.',
  forward:
    'Let the code work without it, or release the migration first; tests of what it adds declare that: needsMigration(…).',
} as const;

function culprit({ mode, migration }: { mode: 'back' | 'forward'; migration: string }): string {
  return mode === 'back' ? `${migration}.sql breaks them.` : `they need ${migration}.sql.`;
}

function query({ sqlState, message, statement }: { sqlState: string; message: string; statement: string }): string[] {
  return [`  first failing query: ${statement.trim()}`, `  ${message} (SQLSTATE ${sqlState})`];
}

function failures(failed: readonly { file: string; failures: { test: string; message: string }[] }[]): string[] {
  const lines = failed.flatMap(({ file, failures: tests }) =>
    tests.map(({ test, message }) => `  ${file} > ${test}: ${message.split('\n')[0]}`),
  );
  const more = lines.length - SHOWN_FAILURES;
  return more > 0 ? [...lines.slice(0, SHOWN_FAILURES), `  and ${more} more`] : lines;
}

/** 0 when nothing stands in the way of a rolling deployment, or it is declared that one must not be made. */
export function exitCodeOf(verdicts: readonly Verdict[]): number {
  return verdicts.every(({ outcome }) => outcome === 'compatible' || outcome === 'declared-breaking') ? 0 : 1;
}
