import { readdir } from 'node:fs/promises';
import { fileNeedsMigrations } from '@hexclave/testing';
import { expect, test } from 'vitest';
import { createFolder, type Program, runProgram } from './program.ts';

// A start makes keys, which is kept in the audit log, and syncs.
fileNeedsMigrations(['0010_what_a_restore_takes_back', '0011_controls', '0012_status']);

/** The demo, with all that is temporary in `folder`. */
function runDemo(folder: string, args: string[]): Program {
  return runProgram(['scripts/demo.mjs', ...args], { TMPDIR: folder });
}

test('the demo proves that all rows agree, and leaves nothing behind', async () => {
  const folder = await createFolder();
  const demo = runDemo(folder, ['--users', '50']);
  expect(await demo.ended(), demo.output()).toBe(0);
  for (const table of ['users', 'contact_channels', 'teams', 'team_member_profiles']) {
    expect(demo.output()).toMatch(new RegExp(`${table} +\\d+ rows, \\d+ in the copy +✓ all equal`));
  }
  expect(demo.output()).toMatch(/p50 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.]+ ms/);
  expect(demo.output()).toContain('Every row of the copy equals its source.');
  expect(await leftovers(folder)).toEqual([]);
});

test('a demo that is interrupted cleans up', async () => {
  const folder = await createFolder();
  const demo = runDemo(folder, ['--users', '5000']);
  await demo.printed('users sign up');
  demo.kill('SIGINT');
  expect(await demo.ended()).toBe(1);
  expect(demo.output()).toContain('Interrupted');
  expect(await leftovers(folder)).toEqual([]);
});

test('a demo without users is refused', async () => {
  const demo = runDemo(await createFolder(), ['--users', 'many']);
  expect(await demo.ended()).toBe(1);
  expect(demo.output()).toContain('--users must be a whole number');
});

/** tsx keeps a cache of its own in the temporary folder. */
async function leftovers(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('tsx-') && !name.startsWith('node-compile-cache'));
}
