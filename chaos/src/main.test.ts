import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Runs `npm run chaos` as a person does. */
async function chaos(...args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn('npm', ['run', '--silent', 'chaos', '--', ...args], { cwd: ROOT });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

test('one seed, a second long: nothing is found, and the table is written', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-chaos-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { code, output } = await chaos('--seed', '1', '--seconds', '1', '--json', join(folder, 'table.json'));
  expect(code, output).toBe(0);
  expect(output).toContain('seed 1:');
  const table: unknown = JSON.parse(await readFile(join(folder, 'table.json'), 'utf8'));
  expect(table).toEqual(expect.any(Object));
});

test('a number that cannot be meant is refused, and nothing is started', { timeout: 60_000 }, async () => {
  const { code, output } = await chaos('--seeds', 'many');
  expect(code).toBe(1);
  expect(output).toContain('--seeds takes a whole number from 1, not "many"');
});
