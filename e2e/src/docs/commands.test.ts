import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyOverride, parseProjectConfig } from '@hexclave/config';
import { mappingCatalogueOf } from '@hexclave/server';
import { hexclaveCatalog } from '@hexclave/sync';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Block, blocksOf, ROOT, readPages } from './markdown.ts';
import { type DocsServer, type PageStage, setPageStage, startDocsServer } from './stage.ts';

/**
 * Where each npm script that the documentation names is really run: they take long, change the checkout, or are this
 * very run.
 */
const NPM_SCRIPTS: Readonly<Record<string, string>> = {
  start: 'e2e/src/start/first-start.test.ts',
  demo: 'e2e/src/start/demo.test.ts',
  'demo:query': 'e2e/src/docs/first-hour.test.ts',
  test: '.ci/run',
  format: 'scripts/test.mjs',
  bench: 'benchmarks/src/benchmarks.test.ts',
  chaos: 'chaos/src/main.test.ts',
  build: 'e2e/src/start/production.test.ts',
  'start:production': 'e2e/src/start/production.test.ts',
  'migrations:new': 'scripts/migrations/commands.test.ts',
  'migrations:check': 'scripts/migrations/commands.test.ts',
  'migrations:status': 'scripts/migrations/commands.test.ts',
  'migration-compat': 'scripts/migration-compat/migration-compat.test.ts',
  'generate:docs': 'scripts/test.mjs',
  'generate:capture': 'e2e/src/docs/first-hour.test.ts',
  'generate:admin-key': 'e2e/src/docs/first-hour.test.ts',
};

const RUNNABLE = ['sh', 'sql'];
const KNOWN_LANGUAGES = [...RUNNABLE, 'json', 'ts', 'text', 'diff', ''];
const pages = readPages().map((page) => ({ path: page.path, blocks: blocksOf(page) }));
const runnable = pages.filter(({ blocks }) => blocks.some((block) => isRun(block)));

function isRun({ language, words }: Block): boolean {
  return RUNNABLE.includes(language) && !words.includes('npm');
}

/** The examples' own tools. Node.js and npm are all that a machine must have, so these may be missing. */
const hasTools = spawnSync('bash', ['-c', 'command -v curl']).status === 0;

describe.skipIf(!hasTools)('the commands of a page, run as they stand', () => {
  let server: DocsServer;
  beforeAll(async () => {
    server = await startDocsServer();
  });

  test.each(runnable.map(({ path, blocks }) => [path, blocks] as const))('%s', async (path, blocks) => {
    const stage = await setPageStage(server);
    for (const block of blocks.filter(isRun)) {
      await runBlock(stage, block).catch((error: Error & { stdout?: string }) => {
        throw new Error(`${path}:${block.line}: ${error.message}\n${error.stdout ?? ''}`, { cause: error });
      });
    }
  });
});

async function runBlock(stage: PageStage, { language, words, text }: Block): Promise<void> {
  if (language === 'sh') {
    await stage.runShell(text);
    return;
  }
  const isQuestion = /^\s*(--.*\n\s*)*SELECT\b/i.test(text) && !words.includes('any');
  await stage.runSql(words[0] ?? '', text, isQuestion);
}

describe('every block', () => {
  test('is of a kind that is tested, or that needs none', () => {
    const unknown = pages.flatMap(({ path, blocks }) =>
      blocks.filter(({ language }) => !KNOWN_LANGUAGES.includes(language)).map(({ line }) => `${path}:${line}`),
    );
    expect(unknown).toEqual([]);
  });

  test('of npm scripts names ones that exist and that a test runs', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const named = pages.flatMap(({ path, blocks }) =>
      blocks.filter(({ words }) => words.includes('npm')).flatMap((block) => npmScripts(path, block)),
    );
    expect(named.length).toBeGreaterThan(5);
    for (const { where, script } of named) {
      expect(Object.keys(scripts), where).toContain(script);
      expect(existsSync(join(ROOT, NPM_SCRIPTS[script] ?? 'missing')), `${where}: who runs it?`).toBe(true);
    }
  });

  test('of configuration is one that a project can have', () => {
    const configs = pages.flatMap(({ path, blocks }) =>
      blocks
        .filter(({ words }) => words.includes('config'))
        .map((block) => ({ where: `${path}:${block.line}`, block })),
    );
    expect(configs.length).toBeGreaterThan(0);
    for (const { where, block } of configs) {
      const applied = applyOverride({}, JSON.parse(block.text));
      const parsed = applied.ok ? parseProjectConfig(applied.document, mappingCatalogueOf(hexclaveCatalog)) : applied;
      expect(parsed, where).toMatchObject({ ok: true });
    }
  });
});

/** `npm start`, `npm test -- path`, `npm run demo`, `npm run --silent x`. */
function npmScripts(path: string, block: Block): { where: string; script: string }[] {
  const lines = block.text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const script = /^(?:[A-Z_]+=\S+ )*npm (?:run )?(?:--silent )?([a-z:-]+)/.exec(line)?.[1] ?? line;
    return { where: `${path}:${block.line + index + 1}`, script };
  });
}
