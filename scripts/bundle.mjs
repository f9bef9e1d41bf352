import { build } from 'esbuild';

/**
 * Makes one file each out of programs and all that they import, by name: `{ server: 'apps/server/src/main.bundle.ts' }`
 * becomes `server.mjs`.
 * @param {Record<string, string>} entryPoints
 * @param {string} outdir
 */
export async function bundle(entryPoints, outdir) {
  await build({
    entryPoints,
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
}
