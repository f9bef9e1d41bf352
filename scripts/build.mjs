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
const { build } = await import('esbuild');

rmSync(join(outdir, 'migrations'), { recursive: true, force: true });
await build({
  entryPoints: {
    server: 'apps/server/src/main.bundle.ts',
    // For containers: see docker/shared/entrypoint.sh.
    container: 'docker/shared/src/main.ts',
    'emulator-secrets': 'docker/local-emulator/src/emulator-secrets.ts',
  },
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  // Licences of what is bundled have to travel along.
  legalComments: 'linked',
  // Not needed in production, and found at run time where they are: the driver's native variant, readable logs.
  external: ['pg-native', 'pino-pretty'],
  // Packages in the older module format ask for these.
  banner: {
    js: [
      "import { createRequire as createRequireOfBundle } from 'node:module';",
      "import { fileURLToPath as fileURLToPathOfBundle } from 'node:url';",
      'const require = createRequireOfBundle(import.meta.url);',
      'const __filename = fileURLToPathOfBundle(import.meta.url);',
      "const __dirname = fileURLToPathOfBundle(new URL('.', import.meta.url));",
    ].join('\n'),
  },
  logLevel: 'warning',
});
const { buildDashboard } = await import('./dashboard-files.mjs');
await buildDashboard(join(outdir, 'dashboard'));
cpSync('packages/migrations/sql', join(outdir, 'migrations'), { recursive: true });

const megabytes = statSync(join(outdir, 'server.mjs')).size / 1_000_000;
console.log(`Built server.mjs (${megabytes.toFixed(1)} MB), its migrations and the dashboard in ${outdir}.`);
