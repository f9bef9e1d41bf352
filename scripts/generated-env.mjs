import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const FILE = 'packages/sdk/src/generated/env.ts';
const SOURCES = [
  ...readdirSync(new URL('packages/env/src/catalogue/', root))
    .sort()
    .map((name) => `packages/env/src/catalogue/${name}`),
  ...['packages/env/src/spelling.ts', 'packages/env/src/variable.ts', 'scripts/generate-env.ts'],
];

/** The path of the generated getters, and the mark of what they are made from, which stands in their first line. */
function generatedEnv() {
  const hash = createHash('sha256');
  for (const source of SOURCES) hash.update(readFileSync(new URL(source, root)));
  return { path: fileURLToPath(new URL(FILE, root)), mark: `// Of ${hash.digest('hex').slice(0, 16)}` };
}

/**
 * Makes the getters of the JavaScript client (scripts/generate-env.ts) unless they are there and current. They are not
 * committed, so whatever compiles or runs the client's sources calls this first. Needs the dependencies.
 */
export function ensureGeneratedEnv() {
  const { path, mark } = generatedEnv();
  if (startsWith(path, mark)) return;
  const script = fileURLToPath(new URL('scripts/generate-env.ts', root));
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', script, path, mark], {
    cwd: fileURLToPath(root),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('The getters of the JavaScript client could not be generated; why is above.');
}

function startsWith(path, mark) {
  try {
    return readFileSync(path, 'utf8').startsWith(`${mark}\n`);
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureGeneratedEnv();
