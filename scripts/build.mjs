import { cpSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

/**
 * `npm run build`: the server as one file for production, with the migrations beside it. Nothing else of this folder is
 * needed to run it with a database of your own: `node dist/server.mjs`.
 */
ensureInstalled();
const root = fileURLToPath(new URL('../', import.meta.url));
process.chdir(root);
const { build } = await import('esbuild');

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: { server: 'apps/server/src/main.bundle.ts' },
  outdir: 'dist',
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
cpSync('packages/migrations/sql', 'dist/migrations', { recursive: true });

const megabytes = statSync('dist/server.mjs').size / 1_000_000;
console.log(`Built dist/server.mjs (${megabytes.toFixed(1)} MB) and dist/migrations. Run it: npm run start:production`);
