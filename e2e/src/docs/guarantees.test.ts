import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, readPages } from './markdown.ts';

type Guarantee = { readonly id: string; readonly what: string; readonly expected: string };

/** A row of a page that is about a guarantee. */
type Row = { readonly id: string; readonly page: string; readonly text: string };

const guarantees: Guarantee[] = JSON.parse(readFileSync(join(ROOT, 'docs/guarantees.json'), 'utf8'));
/** Faults are on one page, attacks on the other. */
const PAGES = { F: 'docs/reliability.md', A: 'docs/security.md' } as const;

const rows: Row[] = readPages()
  .filter(({ path }) => Object.values<string>(PAGES).includes(path))
  .flatMap(({ path, text }) =>
    [...text.matchAll(/^\| ([FA]\d+) \|.*$/gm)].map(([line, id = '']) => ({ id, page: path, text: line })),
  );

const pageOf = (id: string) => PAGES[id[0] as keyof typeof PAGES];

test('27 faults and 18 attacks are declared, each once', () => {
  const numbered = (letter: string, count: number) => Array.from({ length: count }, (_, index) => letter + (index + 1));
  expect(guarantees.map(({ id }) => id)).toEqual([...numbered('F', 27), ...numbered('A', 18)]);
  for (const { what, expected } of guarantees) expect([what, expected]).not.toContain('');
});

test('each has its row, and each row names a test and leaves nothing open', () => {
  const without = guarantees.filter(({ id }) => !rows.some((row) => row.id === id && row.page === pageOf(id)));
  expect(without).toEqual([]);
  expect(rows.filter(({ text }) => !text.includes('.test.ts)') || text.includes('Not yet'))).toEqual([]);
});

test('no row is about something that is not declared', () => {
  const declared = guarantees.map(({ id }) => id);
  expect(rows.filter(({ id, page }) => !declared.includes(id) || page !== pageOf(id))).toEqual([]);
});

test('tests that are named after a guarantee are in its row', () => {
  const named = ['faults', 'attacks'].flatMap((folder) => suitesIn(`e2e/src/${folder}`));
  expect(named.length).toBeGreaterThan(20);
  const unlisted = named.filter(
    ({ id, file }) => !rows.some((row) => row.id === id && row.text.includes(`(../${file})`)),
  );
  expect(unlisted).toEqual([]);
});

/** The guarantees that the suites of a folder are named after, with their files. */
function suitesIn(folder: string): { id: string; file: string }[] {
  const files = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.test.ts'));
  return files.flatMap((name) => {
    const file = `${folder}/${name}`;
    const text = readFileSync(join(ROOT, file), 'utf8');
    const ids = [...text.matchAll(/^describe(?:\.concurrent)?\(\s*'([FA]\d+) /gm)].map(([, id = '']) => id);
    if (ids.length === 0) throw new Error(`${file} is named after no guarantee`);
    return ids.map((id) => ({ id, file }));
  });
}
