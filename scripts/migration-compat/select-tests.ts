import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Folders whose tests are about tools, not about what runs on the schema. */
const LEFT_OUT = [
  ...['node_modules', 'dist', '.git'],
  ...['scripts', 'chaos', 'benchmarks', 'docker', 'docs', 'embedded-postgres', 'migrations', 'testing'],
];
const TOUCHES_DATABASE = /from '@hexclave\/(testing|embedded-postgres)'/;
const RELATIVE_IMPORT = /\bfrom '(\.[^']+)'/g;

/** The test files of a checkout that use a database, themselves or through what they import. Sorted, relative. */
export function selectTests(root: string): string[] {
  const known = new Map<string, boolean>();
  return testFiles(root)
    .filter((file) => touchesDatabase(file, known))
    .map((file) => relative(root, file))
    .sort();
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return LEFT_OUT.includes(entry.name) ? [] : testFiles(join(folder, entry.name));
    return /\.test\.ts$/.test(entry.name) ? [join(folder, entry.name)] : [];
  });
}

function touchesDatabase(file: string, known: Map<string, boolean>): boolean {
  const answer = known.get(file);
  if (answer !== undefined) return answer;
  // For a circle of imports: whoever is asked about again is being looked at already.
  known.set(file, false);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const imports = [...text.matchAll(RELATIVE_IMPORT)].map(([, target = '']) => resolve(dirname(file), target));
  const touches = TOUCHES_DATABASE.test(text) || imports.some((target) => touchesDatabase(target, known));
  known.set(file, touches);
  return touches;
}
