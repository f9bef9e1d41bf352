import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git, SQL_FOLDER } from '../migrations/repository.ts';
import { type Programs, runProgram } from './programs.ts';

/** A checkout of one commit in a folder of its own, removed by `remove`. */
export type Worktree = {
  readonly path: string;
  /** Puts this set of migrations in place of the commit's own: those of `commit`, without some. */
  useMigrations(commit: string, options: MigrationSet): void;
  remove(): void;
};

/** `without`: names. `schemaOf`: the commit whose schema.json is right for what is left, if there is one. */
export type MigrationSet = { without: readonly string[]; schemaOf: string | undefined };

/** @throws when git or npm refuses; whatever was made is removed by `remove` of the caller’s list */
export async function checkOut(
  repository: string,
  commit: string,
  programs: Programs,
  made: Worktree[],
): Promise<Worktree> {
  const folder = mkdtempSync(join(tmpdir(), 'hexclave-compat-'));
  // Entered by the unprivileged user that PostgreSQL runs as when this is run by root.
  chmodSync(folder, 0o711);
  const path = join(folder, 'checkout');
  const worktree = {
    path,
    useMigrations: useMigrations.bind(undefined, path),
    remove: () => remove(repository, folder),
  };
  made.push(worktree);
  mustGit(repository, 'worktree', 'add', '--detach', '--quiet', path, commit);
  if (existsSync(join(path, 'package-lock.json'))) {
    const { code, output } = await runProgram(
      programs,
      'npm',
      ['ci', '--prefer-offline', '--no-audit', '--no-fund'],
      path,
    );
    if (code !== 0) throw new Error(`npm ci failed in a checkout of ${commit}:\n${output}`);
  }
  return worktree;
}

function useMigrations(path: string, commit: string, { without, schemaOf }: MigrationSet): void {
  const folder = join(path, SQL_FOLDER);
  rmSync(folder, { recursive: true, force: true });
  mustGit(path, 'checkout', '--quiet', commit, '--', SQL_FOLDER);
  for (const name of without) rmSync(join(folder, `${name}.sql`), { force: true });
  // The lists beside the files name exactly those that are there, so that what checks the files goes on working.
  useSchema(path, schemaOf);
  const landed = join(folder, 'landed.json');
  if (!existsSync(landed)) return;
  const present = readdirSync(folder);
  const all = JSON.parse(git(path, 'show', `${commit}:${SQL_FOLDER}/landed.json`) ?? '{}') as Record<string, string>;
  const kept = Object.fromEntries(Object.entries(all).filter(([file]) => present.includes(file)));
  writeFileSync(landed, `${JSON.stringify(kept, null, 2)}\n`);
}

function useSchema(path: string, commit: string | undefined): void {
  const file = `${SQL_FOLDER}/schema.json`;
  const text = commit === undefined ? undefined : git(path, 'show', `${commit}:${file}`);
  rmSync(join(path, file), { force: true });
  if (text !== undefined) writeFileSync(join(path, file), `${text}\n`);
}

function remove(repository: string, folder: string): void {
  git(repository, 'worktree', 'remove', '--force', join(folder, 'checkout'));
  rmSync(folder, { recursive: true, force: true });
  git(repository, 'worktree', 'prune');
}

function mustGit(root: string, ...args: string[]): void {
  if (git(root, ...args) === undefined) throw new Error(`git ${args.join(' ')} failed in ${root}`);
}
