import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const MOST_COMPRESSED_BYTES = 12_000;

test('in a browser the client is small, and carries no schemas and nothing of Node.js', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    metafile: true,
  });
  expect(gzipSync(outputFiles[0]?.contents ?? '').length).toBeLessThan(MOST_COMPRESSED_BYTES);
  const libraries = Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'));
  expect(libraries.filter((path) => !path.includes('eventsource-parser'))).toEqual([]);
});
