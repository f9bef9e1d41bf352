import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const SQL_FOLDER = 'packages/migrations/sql';

/** What git prints, without the line's end; undefined when it fails. */
export function git(root: string, ...args: string[]): string | undefined {
  return gitExactly(root, ...args)?.replace(/\n$/, '');
}

function gitExactly(root: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return status === 0 ? stdout : undefined;
}

/** Where this branch left the one it goes back to; undefined when there is no such commit here. */
export function forkPoint(root: string, base: string): string | undefined {
  return git(root, 'merge-base', 'HEAD', base);
}

/** What counts as landed unless told otherwise: the main branch of the remote, or else the newest release. */
export function defaultBase(root: string): string | undefined {
  if (git(root, 'rev-parse', '--verify', '--quiet', 'origin/main') !== undefined) return 'origin/main';
  return git(root, 'describe', '--tags', '--abbrev=0', '--match', 'v*');
}

/** The migrations of a commit: file name → text. */
export function migrationsAt(root: string, commit: string): Map<string, string> {
  const names = git(root, 'ls-tree', '--name-only', commit, `${SQL_FOLDER}/`)?.split('\n') ?? [];
  return new Map(
    names
      .filter((name) => name.endsWith('.sql'))
      .map((path) => [path.slice(SQL_FOLDER.length + 1), gitExactly(root, 'show', `${commit}:${path}`) ?? '']),
  );
}
