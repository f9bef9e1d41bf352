import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The scripts that run as processes of their own. */
export const SCRIPTS = ['engine', 'load', 'delay-proxy'] as const;
export type Script = (typeof SCRIPTS)[number];

/** Bundles the scripts as for production: a TypeScript loader would show up in memory and start-up time. */
export async function bundleScripts(folder: string): Promise<Record<Script, string>> {
  await build({
    entryPoints: SCRIPTS.map((script) => fileURLToPath(new URL(`./${script}.ts`, import.meta.url))),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // pg asks for its optional native binding in a try block.
    external: ['pg-native'],
    // CommonJS packages inside the bundle call require() for node's own modules.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  const path = (script: Script) => join(folder, `${script}.mjs`);
  return { engine: path('engine'), load: path('load'), 'delay-proxy': path('delay-proxy') };
}
