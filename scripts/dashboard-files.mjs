import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const cache = join(root, 'node_modules/.cache/hexclave-dashboard');
const SOURCES = [
  ...['src', 'public', 'index.html', 'vite.config.ts'].map((path) => `apps/dashboard/${path}`),
  ...['sdk', 'contract', 'errors'].map((name) => `packages/${name}/src`),
  'package-lock.json',
];
/** Builds of other branches or of a while ago; a server that still runs has its files in memory. */
const KEPT_BUILDS = 5;

/**
 * The folder of the dashboard's built pages. They are built when the sources have changed since they last were, which
 * takes a few seconds; otherwise they are there already. Several processes may do this at once.
 * @param {(line: string) => void} say
 * @returns {Promise<string>}
 */
export async function dashboardFiles(say) {
  const directory = join(cache, hashOf(SOURCES));
  if (existsSync(directory)) {
    utimesSync(directory, new Date(), new Date());
    return directory;
  }
  say('Building the dashboard (needed once, and after changes of it) …');
  mkdirSync(cache, { recursive: true });
  const draft = `${directory}.${process.pid}`;
  await buildDashboard(draft);
  publish(draft, directory);
  removeOldBuilds();
  return directory;
}

/**
 * Builds the pages into a folder, in a process of its own: what builds needs much memory, and the server none of it.
 * @param {string} outdir
 */
export async function buildDashboard(outdir) {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--outDir', outdir, '--emptyOutDir', '--logLevel', 'warn'];
  const child = spawn(process.execPath, args, {
    cwd: join(root, 'apps/dashboard'),
    stdio: ['ignore', 'inherit', 'inherit'],
    // biome-ignore lint/style/noProcessEnv: handed on as it is; runs where TypeScript cannot be read.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new TypeError('Vite could not build the dashboard; what it says is above.');
}

/** A folder appears whole or not at all; of several processes that have built the same, the first wins. */
function publish(draft, directory) {
  try {
    renameSync(draft, directory);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(directory)) throw error;
  }
}

function removeOldBuilds() {
  const builds = readdirSync(cache).map((name) => join(cache, name));
  const newestFirst = builds.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const build of newestFirst.slice(KEPT_BUILDS)) rmSync(build, { recursive: true, force: true });
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) addTo(hash, path);
  return hash.digest('hex').slice(0, 24);
}

function addTo(hash, path) {
  const absolute = join(root, path);
  if (statSync(absolute).isDirectory()) {
    for (const name of readdirSync(absolute).sort()) addTo(hash, `${path}/${name}`);
  } else {
    hash.update(`${path}\0`).update(readFileSync(absolute)).update('\0');
  }
}
