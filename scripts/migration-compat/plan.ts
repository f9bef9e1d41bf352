import { type MigrationFile, parseMigration } from '@hexclave/migrations';

export type Mode = 'back' | 'forward';

/** What `--mode` takes. */
export const MODES: Readonly<Record<string, readonly Mode[]>> = {
  back: ['back'],
  forward: ['forward'],
  both: ['back', 'forward'],
};

export type Plan =
  /** Nothing to run, for this reason. */
  | { kind: 'skip'; reason: string }
  | { kind: 'refuse'; problems: string[] }
  | { kind: 'run'; added: MigrationFile[]; breaking: string[] };

/** Decides from the two sets of files (file name → text) what there is to run. */
export function planCompat(base: ReadonlyMap<string, string>, branch: ReadonlyMap<string, string>): Plan {
  const problems = [...base].flatMap(([file, text]) => {
    const ours = branch.get(file);
    if (ours === undefined) return [`${file} is in the base and not here: merge the base first, or restore the file.`];
    return ours === text ? [] : [`${file} has landed and is different here: restore it, and write a new migration.`];
  });
  if (problems.length > 0) return { kind: 'refuse', problems };
  const added = [...branch]
    .filter(([file]) => !base.has(file))
    .map(([file, text]) => parseMigration(file, text))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  if (added.length === 0) return { kind: 'skip', reason: 'No migration changed, so there is nothing to run.' };
  const breaking = added.filter(({ compatibility }) => compatibility === 'breaking').map(({ name }) => name);
  return { kind: 'run', added, breaking };
}

/** The smallest `n` of 1 to `count` for which `holds(n)`, given that it holds for `count` and, once it does, stays so. */
export async function bisect(count: number, holds: (n: number) => Promise<boolean>): Promise<number> {
  let low = 1;
  let high = count;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await holds(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
