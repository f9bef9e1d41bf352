import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EDGE, FOR_TESTS, MAY_IMPORT } from './import-order.mjs';

/**
 * Checks that imports point one way (scripts/import-order.mjs), that every one of our packages that is imported is
 * declared in package.json, and that no relative import leaves its package. Reads the sources' text: TypeScript 7
 * has no compiler API to ask.
 */
const SCOPE = '@hexclave/';
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1/g;
const root = fileURLToPath(new URL('../', import.meta.url));

const problems = workspaceFolders().flatMap((folder) => checkPackage(join(root, folder)));
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'All imports point the right way.' : `${problems.length} wrong imports.`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** The folders that the root's `workspaces` patterns stand for. */
function workspaceFolders() {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return workspaces.flatMap((pattern) => (pattern.endsWith('/*') ? subfolders(pattern.slice(0, -2)) : [pattern]));
}

function subfolders(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && hasManifest(join(root, folder, entry.name)))
    .map((entry) => join(folder, entry.name));
}

function hasManifest(folder) {
  return readdirSync(folder).includes('package.json');
}

function checkPackage(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const name = manifest.name.replace(SCOPE, '');
  if (MAY_IMPORT[name] === undefined && !EDGE.includes(name)) {
    return [`${relative(root, folder)}: ${manifest.name} is missing in scripts/import-order.mjs`];
  }
  return sourceFiles(folder).flatMap((file) =>
    importsOf(file)
      .map((target) => judge({ folder, manifest, name, file, target }))
      .filter((verdict) => verdict !== undefined)
      .map((verdict) => `${relative(root, file)}: ${verdict}`),
  );
}

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const foreign = entry.name === 'node_modules' || entry.name === 'dist' || hasManifest(path);
      return foreign ? [] : sourceFiles(path);
    }
    return /\.(ts|tsx|mts|mjs|js)$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(file) {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((match) => match[2]);
}

/** What is wrong with one import; undefined when nothing is. */
function judge({ folder, manifest, name, file, target }) {
  if (target.startsWith('.')) {
    const path = resolve(dirname(file), target);
    const inside =
      path.startsWith(folder + sep) || (isProgram(folder, file) && path.startsWith(join(root, 'scripts') + sep));
    return inside ? undefined : `the relative import '${target}' leaves its package`;
  }
  if (!target.startsWith(SCOPE)) return undefined;
  const imported = target.slice(SCOPE.length).split('/')[0];
  if (imported === name) return `imports its own package by name ('${target}')`;
  if (!mayImport(name, imported, isTest(file))) return `${name} may not import ${imported} (scripts/import-order.mjs)`;
  return isDeclared(manifest, SCOPE + imported, isTest(file)) ? undefined : `${target} is not in its package.json`;
}

/** Programs in `bin` are for a checkout, and may use its scripts. */
function isProgram(folder, file) {
  return file.startsWith(join(folder, 'bin') + sep);
}

function isTest(file) {
  return /\.test\.tsx?$/.test(file) || file.split(sep).includes('fixtures');
}

function mayImport(name, imported, test) {
  if (EDGE.includes(name)) return true;
  return MAY_IMPORT[name].includes(imported) || (test && FOR_TESTS.includes(imported));
}

function isDeclared(manifest, dependency, test) {
  const declared = { ...manifest.dependencies, ...(test ? manifest.devDependencies : {}) };
  return declared[dependency] !== undefined;
}
