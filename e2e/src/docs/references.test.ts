import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KNOWN_ERRORS } from '@hexclave/contract';
import { everyVariable, namesOf } from '@hexclave/env';
import { ERROR_CATALOGUE } from '@hexclave/errors';
import { DESTINATION_ERRORS } from '@hexclave/sync';
import { expect, test } from 'vitest';
import { type Page, proseOf, ROOT, readPages, relativeToRoot } from './markdown.ts';

const pages = readPages();
const LINK = /\[((?:[^\]\\]|\\.)*)\]\(([^)\s]+)\)/g;

type Link = { from: string; text: string; file: string; anchor: string | undefined };

function linksOf(page: Page): Link[] {
  return [...proseOf(page).matchAll(LINK)].flatMap(([, text = '', target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page.path : relativeToRoot(join(ROOT, dirname(page.path), path));
    return [{ from: page.path, text, file, anchor }];
  });
}

const links = pages.flatMap(linksOf);

test('links lead to files and headings that exist', () => {
  const broken = links.filter(({ file, anchor }) => {
    if (!existsSync(join(ROOT, file))) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(join(ROOT, file), 'utf8')).includes(anchor);
  });
  expect(broken).toEqual([]);
});

/** As GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

test('tests that are named exist in the file that the name links to', () => {
  const named = links.filter(({ file }) => file.endsWith('.test.ts'));
  expect(named.length).toBeGreaterThan(80);
  const missing = named.filter(({ file, text }) => !readIfThere(file).includes(text));
  expect(missing).toEqual([]);
});

function readIfThere(file: string): string {
  return existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), 'utf8') : '';
}

test('every fault of the reliability page and every attack of the security page has a test', () => {
  const rows = ['docs/reliability.md', 'docs/security.md'].flatMap((path) => {
    const lines = pages.find((page) => page.path === path)?.text.split('\n') ?? [];
    return lines.filter((line) => /^\| ([FA]\d+ )?\| /.test(line));
  });
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter((row) => !row.includes('.test.ts)'))).toEqual([]);
});

test('environment variables that are named exist', () => {
  const known = [
    ...everyVariable().flatMap(({ variable }) => [...namesOf(variable), ...(variable.olderNames ?? [])]),
    ...OF_EXAMPLES_AND_TESTS,
  ];
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\b(?:NEXT_PUBLIC_(?:BROWSER_|SERVER_)?|VITE_)?(?:HEXCLAVE|STACK)_[A-Z_]+[A-Z]\b/g)].map(
      ([name]) => ({ path, name }),
    ),
  );
  expect(named.filter(({ name }) => !known.includes(name))).toEqual([]);
});

/** Set by the reader of an example, or read by tests. */
const OF_EXAMPLES_AND_TESTS = [
  'HEXCLAVE_URL',
  'HEXCLAVE_PROJECT_ID',
  'HEXCLAVE_ADMIN_KEY',
  'HEXCLAVE_TEST_POSTGRES_BIN_DIR',
  'HEXCLAVE_TEST_SCREENSHOTS',
];

test('error codes that are named exist', () => {
  const known = Object.keys({ ...DESTINATION_ERRORS, ...KNOWN_ERRORS, ...ERROR_CATALOGUE });
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:TARGET|MIGRATION|EMBEDDED|INTERNAL_DATABASE|SERVER)_[A-Z_]+)`/g)].map(([, code = '']) => ({
      path,
      code,
    })),
  );
  expect(named.filter(({ code }) => !known.includes(code))).toEqual([]);
});
