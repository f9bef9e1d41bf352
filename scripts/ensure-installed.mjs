import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureGeneratedEnv } from './generated-env.mjs';

const OLDEST_NODE = 20;
const root = new URL('../', import.meta.url);

/**
 * Installs the dependencies unless those named by package-lock.json are there already, and makes what is
 * generated and not committed. Plain JavaScript on Node's own modules only: it runs before anything is installed. Works
 * offline when there is nothing to do.
 */
export function ensureInstalled() {
  refuseOldNode();
  if (!isInstalled()) install();
  ensureGeneratedEnv();
}

function install() {
  console.log('Installing dependencies (needed once, and after an update) …');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: fileURLToPath(root),
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (result.status === 0) return;
  console.error(
    '\nThe dependencies could not be installed: npm’s own message is above.\n' +
      '→ Check that the npm registry can be reached and the disk is not full, then run the same command again.',
  );
  process.exit(1);
}

function refuseOldNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= OLDEST_NODE) return;
  console.error(`Hexclave needs Node.js ${OLDEST_NODE} or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

/** Compares with the list that npm leaves in node_modules once it has finished; one cut short leaves none. */
function isInstalled() {
  const installedList = new URL('node_modules/.package-lock.json', root);
  if (!existsSync(installedList)) return false;
  const installed = readPackages(installedList);
  const wanted = Object.entries(readPackages(new URL('package-lock.json', root)));
  return wanted.every(([path, { version, optional, link }]) => {
    // Optional packages are for one platform each; linked ones are our own workspaces.
    if (!path.startsWith('node_modules/') || optional) return true;
    return link ? installed[path] !== undefined : installed[path]?.version === version;
  });
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
