import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './ensure-installed.mjs';

/**
 * `npm run build [-- --outdir DIR]`: the server as one file for production, with the migrations, the dashboard's pages and
 * what containers need beside it. Nothing else of this folder is needed to run it: `node dist/server.mjs`.
 */
ensureInstalled();
const { values } = parseArgs({ options: { outdir: { type: 'string', default: 'dist' } } });
const root = fileURLToPath(new URL('../', import.meta.url));
process.chdir(root);
const outdir = resolve(values.outdir);
const { bundle } = await import('./bundle.mjs');

rmSync(join(outdir, 'migrations'), { recursive: true, force: true });
await bundle(
  {
    server: 'apps/server/src/main.bundle.ts',
    hexclave: 'apps/cli/src/main.bundle.ts',
    // For containers: see docker/shared/entrypoint.sh.
    container: 'docker/shared/src/main.ts',
    'emulator-secrets': 'docker/local-emulator/src/emulator-secrets.ts',
  },
  outdir,
);
const { buildDashboard } = await import('./dashboard-files.mjs');
await buildDashboard(join(outdir, 'dashboard'));
cpSync('packages/migrations/sql', join(outdir, 'migrations'), { recursive: true });
writeFileSync(join(outdir, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`);

const megabytes = statSync(join(outdir, 'server.mjs')).size / 1_000_000;
console.log(
  `Built server.mjs (${megabytes.toFixed(1)} MB), its migrations, the dashboard and the command line in ${outdir}.`,
);

/** What makes the folder a package with the command line in it: `npx hexclave`, once it is published. */
function publishedManifest() {
  const { version, license, description, engines } = readManifest('.');
  const { optionalDependencies } = readManifest('packages/embedded-postgres');
  const bin = { hexclave: './hexclave.mjs' };
  return { name: 'hexclave', version, description, license, type: 'module', bin, engines, optionalDependencies };
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}
