import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { METRICS, PROCESS_METRICS } from '@hexclave/server';
import { programOrSkip, waitUntil } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../docs/markdown.ts';
import { createInstallation, type Installation } from '../external-db-sync/support/installation.ts';
import type { ExternalDatabase, Project } from '../external-db-sync/support/project.ts';
import { succeed } from '../support/api-client.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { METRICS_SECRET } from './scrape.ts';

const run = promisify(execFile);
const OPS = join(ROOT, 'ops');
const RULES = readFileSync(join(OPS, 'prometheus/alerts.yml'), 'utf8');
const ALERTS = [...RULES.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);

type Panel = { readonly title: string; readonly targets?: readonly { readonly expr: string }[] };
const dashboard = JSON.parse(readFileSync(join(OPS, 'grafana/hexclave.json'), 'utf8')) as { panels: Panel[] };
const expressions = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

test('every alert has a runbook that is there, and every runbook an alert', () => {
  const runbooks = [...RULES.matchAll(/runbook: (\S+)/g)].map(([, path = '']) => path);
  expect(runbooks).toHaveLength(ALERTS.length);
  expect(runbooks.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const monitor = readFileSync(join(ROOT, 'docs/operations/monitor.md'), 'utf8');
  expect(ALERTS.filter((alert) => !monitor.includes(`\`${alert}\``))).toEqual([]);
});

test('alerts and dashboard name metrics that exist', () => {
  const known = [...Object.values(METRICS), ...PROCESS_METRICS].map(({ name }) => name);
  const texts = [RULES.replace(/^#.*$/gm, ''), ...expressions.map(({ expr }) => expr)];
  const named = texts.flatMap((text) => text.match(/\b(?:hexclave|nodejs|process)_[a-z0-9_]+/g) ?? []);
  expect(named.length).toBeGreaterThan(50);
  expect(
    named.map((name) => name.replace(/_(?:bucket|count|sum)$/, '')).filter((name) => !known.includes(name)),
  ).toEqual([]);
});

describe.skipIf(programOrSkip('promtool').skip)('promtool', () => {
  test('takes the rules', async () => {
    await run('promtool', ['check', 'rules', '--lint-fatal', join(OPS, 'prometheus/alerts.yml')]);
  });

  test('sees every alert fire on series that show its trouble, and not before', async () => {
    const cases = readFileSync(join(OPS, 'prometheus/alerts.test.yml'), 'utf8');
    expect(ALERTS.filter((alert) => !cases.includes(`- name: ${alert}\n`))).toEqual([]);
    const { stdout } = await run('promtool', ['test', 'rules', join(OPS, 'prometheus/alerts.test.yml')]);
    expect(stdout).toContain('SUCCESS');
  });
});

describe.skipIf(programOrSkip('prometheus').skip)('a Prometheus beside a server', () => {
  let installation: Installation;
  let project: Project;
  let external: ExternalDatabase;
  let prometheus: Prometheus;

  beforeAll(async () => {
    installation = await createInstallation({ environment: { HEXCLAVE_METRICS_SECRET: METRICS_SECRET } });
    prometheus = await startPrometheus({
      targets: [new URL(installation.server.url).host],
      secret: METRICS_SECRET,
      alertAfter: '1s',
    });
    project = await installation.createProject();
    external = await project.addExternalDatabase();
    await succeed(project.api.post('/users', { display_name: 'Ada', primary_email: 'ada@example.com' }));
    await project.converged(external);
  });

  afterAll(() => installation?.close());

  const firing = async () =>
    (await prometheus.alerts()).filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
  const untilFiring = (alert: string) =>
    waitUntil(async () => (await firing()).includes(alert), {
      timeoutMs: 30_000,
      intervalMs: 250,
      describe: `${alert} to fire`,
    });
  const untilSilent = (alert: string) =>
    waitUntil(async () => !(await firing()).includes(alert), {
      timeoutMs: 30_000,
      intervalMs: 250,
      describe: `${alert} to be over`,
    });

  test('reads it, and has no complaint while all is well', async () => {
    await waitUntil(async () => [...(await prometheus.targets()).values()].join() === 'up', {
      timeoutMs: 20_000,
      describe: 'the target to be up',
    });
    await waitUntil(async () => (await prometheus.query('hexclave_projects{state="fresh"} == 1')).length === 1, {
      timeoutMs: 20_000,
      intervalMs: 200,
      describe: 'the copy to be known as fresh',
    });
    expect(await firing()).toEqual([]);
  });

  test('every expression of the dashboard can be evaluated, and has a series where something has happened', async () => {
    // What has counted nothing yet, or counts only trouble.
    const quiet = [/failing|failures|pipeline_errors/];
    for (const { title, expr } of expressions) {
      const series = () => prometheus.query(expr.replaceAll('$job', 'hexclave').replaceAll('$__rate_interval', '30s'));
      if (quiet.some((pattern) => pattern.test(expr))) expect(await series(), title).toBeDefined();
      else {
        await waitUntil(async () => (await series()).length > 0, {
          timeoutMs: 15_000,
          intervalMs: 250,
          describe: `a series of "${title}": ${expr}`,
        });
      }
    }
  });

  test('a switch that is off fires, and is over when it is on again', async () => {
    await installation.db.query('UPDATE "ExternalDbSyncMetadata" SET "pollerEnabled" = false');
    await untilFiring('HexclaveSwitchOff');
    await installation.db.query('UPDATE "ExternalDbSyncMetadata" SET "pollerEnabled" = true');
    await untilSilent('HexclaveSwitchOff');
  });

  test('rows that a customer refuses fire', async () => {
    const { db } = external.database;
    await db.query(`ALTER TABLE "hexclave"."users" ADD CONSTRAINT "no_eve" CHECK ("display_name" <> 'Eve')`);
    await succeed(project.api.post('/users', { display_name: 'Eve' }));
    await untilFiring('HexclaveRowsParked');
  });

  test('a server that is gone fires', async () => {
    await installation.kill(installation.server);
    await untilFiring('HexclaveServerDown');
  });
});
