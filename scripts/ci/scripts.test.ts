import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentEnvironment } from '@hexclave/env';
import { expect, onTestFinished, test, vi } from 'vitest';
import { git, ROOT } from '../migrations/repository.ts';

// Some check or build the whole repository.
vi.setConfig({ testTimeout: 240_000 });

/** The major version that runs these tests. */
const NODE = process.versions.node.split('.')[0] ?? '';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hexclave-ci-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(script: string, args: string[], env: Record<string, string>, cwd = ROOT) {
  const { status, stdout, stderr } = spawnSync(join(ROOT, script), args, {
    cwd,
    env: { ...currentEnvironment(), ...env },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

test('the base is the branch of a pull request, what main was before a push, or the commit before', () => {
  const folder = temporaryFolder();
  const commit = () =>
    execFileSync(
      'git',
      ['-c', 'user.name=x', '-c', 'user.email=x@localhost', 'commit', '-q', '--allow-empty', '-m', 'x'],
      {
        cwd: folder,
      },
    );
  git(folder, 'init', '--quiet', '--initial-branch', 'main');
  commit();
  const first = git(folder, 'rev-parse', 'HEAD') ?? '';
  git(folder, 'update-ref', 'refs/remotes/origin/main', first);
  commit();
  commit();
  const decide = (env: Record<string, string>) => {
    const file = join(folder, 'output');
    const { status } = run('scripts/ci/decide-base.sh', [], { GITHUB_OUTPUT: file, ...env }, folder);
    const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
    rmSync(file, { force: true });
    return status === 0 ? written : 'refused';
  };
  const none = '0'.repeat(40);
  expect(decide({ BASE_BRANCH: 'main', BEFORE: none })).toBe('ref=origin/main\n');
  expect(decide({ BASE_BRANCH: '', BEFORE: first })).toBe(`ref=${first}\n`);
  expect(decide({ BASE_BRANCH: '', BEFORE: none })).toBe(`ref=${git(folder, 'rev-parse', 'HEAD^')}\n`);
  expect(decide({ BASE_BRANCH: 'gone', BEFORE: '' })).toBe('refused');
});

test('installing does nothing where everything is there', () => {
  expect(run('scripts/ci/install.sh', [], {})).toEqual({ status: 0, output: '' });
});

test.each([
  [['18', '18'], 'Node.js 20, 22 and 24, and not on 18'],
  [[NODE, '13'], 'PostgreSQL 14 to 18, and not on 13'],
  [[NODE], 'Usage: test.sh <node> <postgres>'],
])('versions that Hexclave is not tested on are refused: %s', (args, message) => {
  const refused = run('scripts/ci/test.sh', args, {});
  expect(refused).toMatchObject({ status: 1, output: expect.stringContaining(message) });
});

test.runIf(process.platform === 'linux' && process.arch === 'x64')('tests run on the versions that are named', () => {
  const { status, output } = run('scripts/ci/test.sh', [NODE, '18', 'packages/env'], {});
  expect(status, output).toBe(0);
  expect(output).toMatch(/postgres \(PostgreSQL\) 18\./);
  expect(output).toMatch(new RegExp(`Node\\.js v${NODE}\\..*, PostgreSQL in .*native/bin`));
  expect(output).toMatch(/Tests .*passed/);
});

/** No Docker runs where this is developed: a program that notes what it was asked, and fails when it is told to. */
function noteDocker(folder: string, failing: string): Record<string, string> {
  mkdirSync(join(folder, 'bin'));
  const program = join(folder, 'bin', 'docker');
  writeFileSync(program, `#!/bin/sh\necho "$PWD: docker $*" >>"${folder}/asked"\n[ "$2" != "${failing}" ]\n`);
  chmodSync(program, 0o755);
  return { PATH: `${join(folder, 'bin')}:${currentEnvironment().PATH}` };
}

test.each([
  ['a healthy start', '', 0, ['build', 'up --detach --wait', 'down --volumes --timeout 30']],
  ['one that does not become healthy', 'up', 1, ['build', 'up --detach --wait', 'logs', 'down --volumes --timeout 30']],
])('containers are built, started, waited for and removed: %s', (_, failing, status, wanted) => {
  const folder = temporaryFolder();
  const result = run('scripts/ci/docker.sh', ['docker/local-emulator'], noteDocker(folder, failing));
  expect(result.status, result.output).toBe(status);
  const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
  expect(asked).toEqual(wanted.map((words) => `${join(ROOT, 'docker/local-emulator')}: docker compose ${words}`));
});

test('a release has the built server and its part of the changelog, and a tag that fits', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const { status, output } = run('scripts/ci/release.sh', [], { TAG: `v${version}`, DRY_RUN: 'true' });
  expect(status, output).toBe(0);
  expect(output).toContain(`hexclave-${version}/server.mjs`);
  expect(output).toContain(`hexclave-${version}/migrations/0001_core.sql`);
  expect(output).toContain('External DB Sync');
  const wrong = run('scripts/ci/release.sh', [], { TAG: 'v0.0.0', DRY_RUN: 'true' });
  expect(wrong).toMatchObject({ status: 1, output: expect.stringContaining(`package.json says ${version}`) });
});

test('the checks are the ones that npm test makes', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const checks = readFileSync(join(ROOT, 'scripts/test.mjs'), 'utf8');
  expect(scripts.lint).toBe('biome check --error-on-warnings .');
  expect(checks).toContain("'--error-on-warnings'");
  expect(scripts.types).toContain('tsc -p . && tsc -p apps/dashboard');
  expect(checks).toContain("tsc', '-p', 'apps/dashboard'");
});
