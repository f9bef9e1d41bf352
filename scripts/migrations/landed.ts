import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationFile } from '@hexclave/migrations';

/** File name → SHA-256 of every migration that must not change any more. Kept beside them. */
export type Landed = Readonly<Record<string, string>>;

const FILE = 'landed.json';

export async function readLanded(directory: string): Promise<Landed> {
  const text = await readFile(join(directory, FILE), 'utf8').catch(() => '{}');
  return JSON.parse(text) as Landed;
}

export async function writeLanded(directory: string, files: readonly MigrationFile[]): Promise<void> {
  const landed = Object.fromEntries(files.map(({ name, sha256 }) => [`${name}.sql`, sha256]));
  await writeFile(join(directory, FILE), `${JSON.stringify(landed, null, 2)}\n`);
}

export type LandedProblem = {
  file: string;
  problem: 'removed' | 'changed' | 'not-listed';
};

/** What of the files does not agree with the list of landed ones. */
export function compareWithLanded(files: readonly MigrationFile[], landed: Landed): LandedProblem[] {
  const digests = new Map(files.map(({ name, sha256 }) => [`${name}.sql`, sha256]));
  const listed = Object.entries(landed).flatMap(([file, sha256]): LandedProblem[] => {
    const found = digests.get(file);
    if (found === sha256) return [];
    return [{ file, problem: found === undefined ? 'removed' : 'changed' }];
  });
  const others = [...digests.keys()].filter((file) => landed[file] === undefined);
  return [...listed, ...others.map((file): LandedProblem => ({ file, problem: 'not-listed' }))];
}
