import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCommand } from './options.ts';
import { writeJson } from './report.ts';
import { run } from './run.ts';

const FIGURE = {
  name: expect.any(String),
  value: expect.any(Number),
  unit: expect.any(String),
  baseline: expect.any(Number),
  ratio: expect.any(Number),
  goal: expect.any(String),
  met: expect.any(Boolean),
};

test('a tiny run measures both sides and writes every figure as JSON', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-bench-test-'));
  const file = join(folder, 'figures.json');
  try {
    const command = readCommand([
      '--quick',
      '--rows=500',
      '--rounds=1',
      '--only=first-copy,catch-up,latency',
      '--seed=7',
    ]);
    if (command.kind !== 'run') throw new Error('these arguments ask for a run');
    const outcome = await run({ options: command.options, signal: new AbortController().signal, silent: true });
    expect(outcome.errors).toEqual([]);
    await writeJson(file, outcome.figures);
    const { figures } = JSON.parse(await readFile(file, 'utf8'));
    expect(figures).toEqual([FIGURE, FIGURE, FIGURE, FIGURE]);
    for (const { name, value, baseline, ratio } of figures) {
      expect(Math.min(value, baseline), name).toBeGreaterThan(0);
      expect(ratio).toBeCloseTo(value / baseline);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('figures that do not exist and numbers that are none are refused before anything is started', async () => {
  expect(() => readCommand(['--rows', 'many'])).toThrow(/--rows takes a whole number/);
  const command = readCommand(['--only', 'speed']);
  if (command.kind !== 'run') throw new Error('these arguments ask for a run');
  const { options } = command;
  await expect(run({ options, signal: new AbortController().signal, silent: true })).rejects.toThrow(/called speed/);
});
