import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { build as viteBuild } from 'vite';
import { afterAll, expect, test } from 'vitest';

const SOURCE = fileURLToPath(new URL('generated/env.ts', import.meta.url));
const folder = mkdtempSync(fileURLToPath(new URL('../dist-', import.meta.url)));

afterAll(() => rmSync(folder, { recursive: true }));

/** The getters as a bundle, which leaves them at `env`. */
async function bundle(define: Record<string, string>): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `import { env } from ${JSON.stringify(SOURCE)}; globalThis.env = env;`, resolveDir: folder },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    write: false,
    define,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Runs it as a browser does, or as Node.js does: with a `process`. */
function run(code: string, globals: object = {}): Record<string, string | undefined> {
  const context = { ...globals } as { env?: Record<string, string | undefined> };
  runInNewContext(code, context);
  return context.env ?? {};
}

const withEnv = (env: Record<string, string>) => ({ process: { env } });

test('without a process nothing is set, and nothing throws', async () => {
  const env = run(await bundle({}));
  expect(Object.keys(env).length).toBeGreaterThan(8);
  for (const key of Object.keys(env)) expect(env[key]).toBeUndefined();
});

test.each([
  [{ HEXCLAVE_PROJECT_ID: 'a' }, 'a'],
  [{ STACK_PROJECT_ID: 'b' }, 'b'],
  [{ HEXCLAVE_PROJECT_ID: 'a', STACK_PROJECT_ID: 'a' }, 'a'],
  [{ HEXCLAVE_PROJECT_ID: 'a', STACK_PROJECT_ID: 'b' }, 'a'],
  [{ HEXCLAVE_PROJECT_ID: '', STACK_PROJECT_ID: 'b' }, 'b'],
  [{ HEXCLAVE_PROJECT_ID: ' ', STACK_PROJECT_ID: 'b' }, 'b'],
  [{ HEXCLAVE_PROJECT_ID: 'HEXCLAVE_ENV_VAR_SENTINEL_HEXCLAVE_PROJECT_ID', STACK_PROJECT_ID: 'b' }, 'b'],
  [{ HEXCLAVE_PROJECT_ID: 'HEXCLAVE_ENV_VAR_SENTINEL', STACK_PROJECT_ID: 'STACK_ENV_VAR_SENTINEL_X' }, undefined],
  [{}, undefined],
])('%j in the environment', async (variables, expected) => {
  const code = await bundle({});
  expect(run(code, withEnv(variables)).projectId).toBe(expected);
});

test('a bundler’s values are inlined under either name, and work without a process', async () => {
  const define = { 'process.env.NEXT_PUBLIC_STACK_API_URL': '"https://inlined.example.com"' };
  expect(run(await bundle(define)).apiUrl).toBe('https://inlined.example.com');
  const both = { ...define, 'process.env.NEXT_PUBLIC_HEXCLAVE_API_URL': '"https://first.example.com"' };
  expect(run(await bundle(both)).apiUrl).toBe('https://first.example.com');
});

test('a sentinel that is inlined stays whole in the bundle, for a container to replace', async () => {
  const name = 'NEXT_PUBLIC_HEXCLAVE_API_URL';
  const code = await bundle({ [`process.env.${name}`]: `"HEXCLAVE_ENV_VAR_SENTINEL_${name}"` });
  expect(run(code).apiUrl).toBeUndefined();
  const replaced = code.replaceAll(`HEXCLAVE_ENV_VAR_SENTINEL_${name}`, 'https://late.example.com');
  expect(run(replaced).apiUrl).toBe('https://late.example.com');
});

test('Vite puts in what its .env files say', async () => {
  writeFileSync(join(folder, '.env'), 'VITE_STACK_API_URL=https://vite.example.com\n');
  writeFileSync(join(folder, 'main.ts'), `import { env } from ${JSON.stringify(SOURCE)}; globalThis.env = env;`);
  await viteBuild({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    build: { lib: { entry: join(folder, 'main.ts'), formats: ['iife'], name: 'app', fileName: () => 'app.js' } },
  });
  const env = run(readFileSync(join(folder, 'dist/app.js'), 'utf8'));
  expect(env.viteApiUrl).toBe('https://vite.example.com');
  expect(env.viteProjectId).toBeUndefined();
});
