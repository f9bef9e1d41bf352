import { type MigrationFile, parseMigration, readMigrations } from '@hexclave/migrations';
import { compareWithLanded, readLanded } from './landed.ts';
import { describeFinding, lintMigration } from './lint/index.ts';

/** Everything that must be put right in a folder of migrations before it can land. `base`: the files that have landed. */
export async function checkFiles(directory: string, base: ReadonlyMap<string, string>): Promise<string[]> {
  const files = await readMigrations(directory);
  const landed = compareWithLanded(files, await readLanded(directory)).map(({ file, problem }) =>
    describe(file, problem, base.has(file)),
  );
  const findings = await Promise.all(files.map(lintMigration));
  return [...changedSince(files, base), ...landed, ...findings.flat().map(describeFinding)];
}

/** Files that are other than in the base, whatever the list says. */
export function changedSince(files: readonly MigrationFile[], base: ReadonlyMap<string, string>): string[] {
  const digests = new Map(files.map(({ name, sha256 }) => [`${name}.sql`, sha256]));
  return [...base].flatMap(([file, text]) =>
    digests.get(file) === parseMigration(file, text).sha256
      ? []
      : [`${file} has landed and is different here.\n  → Restore it, and put the change into a new migration.`],
  );
}

const WORDS = {
  removed: 'is in landed.json and not here',
  changed: 'is not what landed.json has',
  'not-listed': 'is not in landed.json yet',
} as const;

function describe(file: string, problem: keyof typeof WORDS, hasLanded: boolean): string {
  const remedy = hasLanded
    ? 'Restore it, and put the change into a new migration.'
    : 'When it is as it shall land: npm run migrations:check -- --write';
  return `${file} ${WORDS[problem]}.\n  → ${remedy}`;
}
