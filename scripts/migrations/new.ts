import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { readMigrations } from '@hexclave/migrations';
import { ROOT, SQL_FOLDER } from './repository.ts';

/** `npm run migrations:new <name>`: an empty migration under the next free number. */
const TEMPLATE = `-- What it is for, in one sentence.
-- compatibility: safe

`;

const { values, positionals } = parseArgs({ options: { directory: { type: 'string' } }, allowPositionals: true });
const name = positionals
  .join('_')
  .toLowerCase()
  .replace(/[\s-]+/g, '_');
if (/^[a-z][a-z0-9_]*$/.test(name)) await create(values.directory ?? join(ROOT, SQL_FOLDER));
else {
  console.error('Usage: npm run migrations:new <name>, of letters, digits and underscores: add_invitations');
  process.exitCode = 1;
}

async function create(directory: string): Promise<void> {
  const number = String((await readMigrations(directory)).length + 1).padStart(4, '0');
  const file = `${number}_${name}.sql`;
  const path = join(directory, file);
  await writeFile(path, TEMPLATE, { flag: 'wx' });
  console.log(`Wrote ${relative(ROOT, path)}. When it is as it shall land: npm run migrations:check -- --write`);
}
