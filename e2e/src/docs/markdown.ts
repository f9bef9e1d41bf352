import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A page of the documentation. `path` is relative to the repository. */
export type Page = { readonly path: string; readonly text: string };

/** A fenced block. `words` are what follows the language in the fence. */
export type Block = {
  readonly language: string;
  readonly words: readonly string[];
  readonly text: string;
  /** Of the fence, for messages. */
  readonly line: number;
};

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** README, CHANGELOG, CONTRIBUTING and everything below docs/. */
export function readPages(): Page[] {
  const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => `docs/${path}`);
  const all = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...pages].filter((path) => path.endsWith('.md')).sort();
  return all.map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** The fenced blocks of a page, in order. */
export function blocksOf({ text, path }: Page): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; words: string[]; lines: string[]; line: number } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)?.[1];
    if (fence === undefined) open?.lines.push(line);
    else if (open === undefined) {
      const [language = '', ...words] = fence.trim().split(/\s+/);
      open = { language, words, lines: [], line: index + 1 };
    } else {
      const { lines, ...block } = open;
      blocks.push({ ...block, text: lines.join('\n') });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: the block is not closed`);
  return blocks;
}

/** The page without its fenced blocks. */
export function proseOf({ text }: Page): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

export function relativeToRoot(path: string): string {
  return relative(ROOT, path).replaceAll('\\', '/');
}
