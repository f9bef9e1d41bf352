import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, readPages, relativeToRoot } from '../docs/markdown.ts';

const DIRECTORY = 'docs/images/dashboard';
const PICTURE = /(?:srcset|src)="([^"]+)"/g;

const there = readdirSync(join(ROOT, DIRECTORY)).sort();

test('every picture of the dashboard is there in light and in dark colours', () => {
  const light = there.filter((name) => !name.endsWith('-dark.png'));
  expect(light.length).toBeGreaterThan(15);
  expect(there).toEqual(light.flatMap((name) => [name, name.replace('.png', '-dark.png')]).sort());
});

test('every picture is shown in the documentation, and every picture that is shown exists', () => {
  const shown = readPages().flatMap(({ path, text }) =>
    [...text.matchAll(PICTURE)].map(([, target = '']) => relativeToRoot(join(ROOT, dirname(path), target))),
  );
  const ofDashboard = shown.filter((path) => path.startsWith(`${DIRECTORY}/`));
  expect([...new Set(ofDashboard)].sort()).toEqual(there.map((name) => `${DIRECTORY}/${name}`));
});
