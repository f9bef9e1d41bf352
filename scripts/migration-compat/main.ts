import { parseArgs } from 'node:util';
import { git, migrationsAt } from '../migrations/repository.ts';
import { judgeDirection, type Verdict } from './direction.ts';
import { MODES, type Mode, planCompat } from './plan.ts';
import { type Programs, Stopped, stopPrograms } from './programs.ts';
import { createProgress } from './progress.ts';
import { describeVerdict, exitCodeOf } from './verdict.ts';
import { checkOut, type Worktree } from './worktree.ts';

/**
 * `npm run migration-compat -- --base <ref> [--mode back|forward|both] [<path> …]`: whether old and new servers can run
 * side by side while this branch is deployed. See docs/internals/migrations.md.
 */
const USAGE = `Usage: npm run migration-compat -- --base <ref> [--mode back|forward|both] [<path> …]

<path>: only test files with this in their paths, as vitest takes it: e2e/src/sync`;

const programs: Programs = { running: new Set(), stopped: false };
const made: Worktree[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopPrograms(programs));
process.exitCode = await main().catch((error: Error) => {
  console.error(error instanceof Stopped ? 'Stopped.' : error.message);
  return error instanceof Stopped ? 130 : 2;
});

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { base: { type: 'string' }, mode: { type: 'string', default: 'both' } },
    allowPositionals: true,
  });
  const modes = MODES[values.mode];
  if (values.base === undefined || modes === undefined) throw new Error(USAGE);
  const repository = git(process.cwd(), 'rev-parse', '--show-toplevel');
  if (repository === undefined) throw new Error('This folder is not in a git repository.');
  try {
    return await compare(repository, values.base, modes, positionals);
  } finally {
    for (const worktree of made) worktree.remove();
  }
}

async function compare(
  repository: string,
  baseRef: string,
  modes: readonly Mode[],
  filters: readonly string[],
): Promise<number> {
  const base = git(repository, 'rev-parse', '--verify', '--quiet', `${baseRef}^{commit}`);
  if (base === undefined) throw new Error(`There is no commit ${baseRef} in this clone. Fetch it: git fetch origin`);
  const branch = currentState(repository);
  const plan = planCompat(migrationsAt(repository, base), migrationsAt(repository, branch));
  if (plan.kind === 'skip') return say(plan.reason, 0);
  if (plan.kind === 'refuse') return say(plan.problems.join('\n'), 1);

  const progress = createProgress();
  progress.note(`New migrations: ${plan.added.map(({ name }) => name).join(', ')}`);
  const verdicts: Verdict[] = [];
  for (const mode of modes) {
    if (mode === 'back' && plan.breaking.length > 0) {
      verdicts.push({ mode, outcome: 'declared-breaking', migrations: plan.breaking });
      continue;
    }
    progress.note(`Installing ${mode === 'back' ? baseRef : 'this branch'} …`);
    const worktree = await checkOut(repository, mode === 'back' ? base : branch, programs, made);
    const added = plan.added.map(({ name }) => name);
    verdicts.push(await judgeDirection({ mode, worktree, branch, base, added, filters, programs, progress }));
  }
  return say(verdicts.map(describeVerdict).join('\n'), exitCodeOf(verdicts));
}

/** HEAD with what is not committed yet; files that git does not know are left out. */
function currentState(repository: string): string {
  const stash = git(repository, 'stash', 'create');
  const state = stash || git(repository, 'rev-parse', 'HEAD');
  if (state === undefined) throw new Error('This repository has no commit yet.');
  return state;
}

function say(text: string, exitCode: number): number {
  console.log(text);
  return exitCode;
}
