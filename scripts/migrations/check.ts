import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readMigrations } from '@hexclave/migrations';
import { changedSince, checkFiles } from './check-files.ts';
import { compareWithLanded, readLanded, writeLanded } from './landed.ts';
import { defaultBase, forkPoint, migrationsAt, ROOT, SQL_FOLDER } from './repository.ts';
import { writeSchema } from './schema.ts';

/**
 * `npm run migrations:check [-- --base <ref>] [--write]`: landed files are as they were, and new ones hold no trap for a
 * running deployment. With `--write`, new files are entered in landed.json, and schema.json is made anew.
 */
const { values } = parseArgs({
  options: { base: { type: 'string' }, write: { type: 'boolean', default: false }, directory: { type: 'string' } },
});
const directory = values.directory ?? join(ROOT, SQL_FOLDER);
const base = baseFiles(values.base ?? defaultBase(ROOT));
if (values.write) await write();
const problems = await checkFiles(directory, base ?? new Map());
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'The migrations can land.' : `${problems.length} to put right.`);
process.exitCode = problems.length === 0 ? 0 : 1;

function baseFiles(ref: string | undefined): ReadonlyMap<string, string> | undefined {
  if (ref === undefined) return undefined;
  const commit = forkPoint(ROOT, ref);
  if (commit !== undefined) return migrationsAt(ROOT, commit);
  throw new Error(`There is no commit that this branch and ${ref} have in common. Fetch it: git fetch origin`);
}

async function write(): Promise<void> {
  const files = await readMigrations(directory);
  const changed = compareWithLanded(files, await readLanded(directory)).filter(
    ({ problem }) => problem !== 'not-listed',
  );
  const mayChange = base !== undefined && changedSince(files, base).length === 0;
  if (changed.length > 0 && !mayChange) {
    console.error('landed.json was left as it is: listed files may only change while they are not in --base <ref>.');
    return;
  }
  await writeLanded(directory, files);
  await writeSchema(directory);
  console.log('Wrote landed.json and schema.json.');
}
