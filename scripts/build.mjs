import { cpSync, rmSync, statSync } from 'node:fs';
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
    // For containers: see docker/shared/entrypoint.sh.
    container: 'docker/shared/src/main.ts',
    'emulator-secrets': 'docker/local-emulator/src/emulator-secrets.ts',
  },
  outdir,
);
const { buildDashboard } = await import('./dashboard-files.mjs');
await buildDashboard(join(outdir, 'dashboard'));
cpSync('packages/migrations/sql', join(outdir, 'migrations'), { recursive: true });

const megabytes = statSync(join(outdir, 'server.mjs')).size / 1_000_000;
console.log(`Built server.mjs (${megabytes.toFixed(1)} MB), its migrations and the dashboard in ${outdir}.`);
