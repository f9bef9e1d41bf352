import { readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { CaptureMigration } from '@hexclave/sync';
import { compileCapture, hexclaveCatalog, renderCaptureMigration } from '@hexclave/sync';

/**
 * Writes the capture compiled from the mappings as new migrations when it differs from the newest ones; landed files
 * are never touched. With `--check` it only says so, and fails.
 */
const directory = fileURLToPath(new URL('../packages/migrations/sql/', import.meta.url));
const PARTS = ['columns', 'indexes', 'triggers'] as const satisfies readonly (keyof CaptureMigration)[];

const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort();
const wanted = renderCaptureMigration(compileCapture(hexclaveCatalog));
const stale: (typeof PARTS)[number][] = [];
for (const part of PARTS) {
  const newest = files.findLast((file) => file.endsWith(`_capture_${part}.sql`));
  const current = newest === undefined ? undefined : await readFile(directory + newest, 'utf8');
  if (current !== wanted[part]) stale.push(part);
}

if (stale.length === 0) {
  console.log('The newest capture migrations match the mappings.');
} else if (process.argv.includes('--check')) {
  console.error(`The mappings have changed (${stale.join(', ')}). Run: npm run generate:capture`);
  process.exitCode = 1;
} else {
  let number = Number(files.at(-1)?.slice(0, 4) ?? 0);
  for (const part of stale) {
    const file = `${String(++number).padStart(4, '0')}_capture_${part}.sql`;
    await writeFile(directory + file, wanted[part], { flag: 'wx' });
    console.log(`Wrote packages/migrations/sql/${file}`);
  }
}
