import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { context, type Plugin } from 'esbuild';

/** A change of the product's text, made only in the bundle of one worker. */
export type Rewrite = {
  /** Below the root of the project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
};

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Waits that are shorter in every worker than in production, so that a run is over before them: for a silent link, which
 * has to be longer than any lock is waited for, and for a connection.
 */
const SHORTER_WAITS: readonly Rewrite[] = [
  {
    file: 'packages/destinations/postgres/src/session.ts',
    find: 'query_timeout: options.linkTimeoutMs ?? LINK_TIMEOUT_MS',
    replace: 'query_timeout: 6_000',
  },
  {
    file: 'apps/server/src/sync/destinations.ts',
    find: 'connectTimeoutMs: CONNECT_TIMEOUT_MS',
    replace: 'connectTimeoutMs: 3_000',
  },
];

/** Bundles workers, one after the other, into a folder. */
export type Bundler = {
  /** Returns the path of a worker, changed if asked for. Fails when a text that is to be changed is not there. */
  bundle(name: string, changes?: readonly Rewrite[]): Promise<string>;
  close(): Promise<void>;
};

/** What was read and parsed for one worker is used again for the next. */
export async function createBundler(folder: string): Promise<Bundler> {
  const present: { rewrites: readonly Rewrite[]; readonly used: Set<Rewrite> } = { rewrites: [], used: new Set() };
  const builder = await context({
    entryPoints: [fileURLToPath(new URL('./worker.ts', import.meta.url))],
    outdir: folder,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // pg asks for its optional native binding in a try block; the other is for terminals.
    external: ['pg-native', 'pino-pretty'],
    // CommonJS packages inside the bundle call require() for node's own modules.
    banner: {
      js: "import { createRequire as requireOfBundle } from 'node:module'; const require = requireOfBundle(import.meta.url);",
    },
    logLevel: 'error',
    plugins: [rewriting(present)],
  });
  const bundleNow = async (name: string, changes: readonly Rewrite[]) => {
    Object.assign(present, { rewrites: [...SHORTER_WAITS, ...changes] });
    present.used.clear();
    const { outputFiles } = await builder.rebuild();
    const unused = present.rewrites.find((rewrite) => !present.used.has(rewrite));
    if (unused !== undefined)
      throw new Error(`${unused.file} is not part of the worker, so it cannot be changed there`);
    const path = join(folder, `worker-${name.replace(/[^a-z]+/g, '-')}.mjs`);
    await writeFile(path, outputFiles?.[0]?.contents ?? '');
    return path;
  };
  let before: Promise<unknown> = Promise.resolve();
  return {
    bundle: (name, changes = []) => {
      const mine = before.then(() => bundleNow(name, changes));
      before = mine.catch(() => undefined);
      return mine;
    },
    close: () => builder.dispose(),
  };
}

function rewriting(present: { readonly rewrites: readonly Rewrite[]; readonly used: Set<Rewrite> }): Plugin {
  return {
    name: 'rewriting',
    setup: (builder) => {
      builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const mine = present.rewrites.filter(({ file }) => path === join(ROOT, file));
        if (mine.length === 0) return undefined;
        let contents = await readFile(path, 'utf8');
        for (const rewrite of mine) {
          contents = rewriteText(contents, rewrite);
          present.used.add(rewrite);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** Replaces a text that must be there exactly once. */
export function rewriteText(source: string, { file, find, replace }: Rewrite): string {
  const found = source.split(find).length - 1;
  if (found !== 1) throw new Error(`${file} has the text to be changed ${found} times instead of once: ${find}`);
  return source.replace(find, () => replace);
}
